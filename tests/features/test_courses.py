"""What of a treatment is known at a visit, against a plain loop; and never before it had happened."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.extract import extract
from pipeline.features.spec import spec_of
from pipeline.features.timeline import History
from pipeline.features.treatment import (
    best_response_state,
    change_since_dbs_points,
    dbs_target_state,
    drugs_stopped_count,
    last_dose_toxin_units,
    toxin_cycle_ratio,
    toxin_interval_trend_weeks,
    toxin_interval_weeks,
    toxin_response_state,
    toxin_response_trend_state,
    toxin_sessions_count,
    toxin_wear_off_trend_weeks,
    toxin_wear_off_weeks,
    twstrs_total_change_since_toxin_points,
)
from pipeline.records import Cohort

RESPONSES_OF = spec_of(best_response_state).columns
RESPONSE = {"none": 0.0, "partial": 0.5, "marked": 1.0}
WEEKS = st.sampled_from([0.0, 1.0, 3.0, 4.0, 7.5, 12.0, 20.0])
LENGTHS = st.sampled_from([np.nan, 0.0, 1.0, 3.0, 4.5])


def visits(patients, weeks, **columns):
    ids = {"patient_id": patients, "visit_id": [str(row) for row in range(len(weeks))]}
    return pd.DataFrame(ids | {"weeks_since_enrolment": np.array(weeks, dtype=float)} | columns)


def treated(rows):
    names = ("patient_id", "weeks_since_enrolment", "wear_off_weeks", "trial_weeks", "response", "interval_weeks")
    table = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    texts = ("patient_id", "response")
    return pd.DataFrame(
        {name: np.array(values, dtype=object if name in texts else float) for name, values in table.items()}
    ).assign(kind="botulinum_toxin")


@st.composite
def histories(draw):
    """Draw visits and sessions of toxin of a few patients on few distinct weeks, so that many coincide."""
    ids = st.sampled_from("ab")
    seen = draw(st.lists(st.tuples(ids, WEEKS), max_size=6))
    words = st.sampled_from(["", *RESPONSE])
    rows = draw(st.lists(st.tuples(ids, WEEKS, LENGTHS, LENGTHS, words, LENGTHS), max_size=10))
    return seen, rows, History(visits([who for who, _ in seen], [week for _, week in seen]), treated(rows))


def known_by(rows, patient, week, value, delay):
    """Values of the patient's sessions that are known in a week, in the order in which they became known."""
    events = []
    for when in sorted({row[1] for row in rows if row[0] == patient}):
        session = [row for row in rows if row[0] == patient and row[1] == when]
        found, wait = value(session), delay(session)
        known = when + wait < week if wait == 0 else when + wait <= week
        if not np.isnan(found) and known:
            events.append((when + wait, when, found))
    return [found for *_, found in sorted(events)]


def extreme(choose, number):
    def of(session):
        values = [number(row) for row in session if not np.isnan(number(row))]
        return choose(values) if values else np.nan

    return of


WEAR_OFF = extreme(min, lambda row: row[2])
ANSWER = extreme(max, lambda row: RESPONSE.get(row[4], np.nan))
TRIAL = extreme(max, lambda row: row[3])


def slope(values):
    return np.polyfit(range(len(values)), values, 1)[0] if len(values) > 2 else np.nan


@given(histories())
def test_what_is_known_of_toxin_is_what_a_plain_loop_finds(drawn):
    """Wear-off, response and their trends, by the definition, one visit at a time."""
    seen, rows, history = drawn
    columns = [f(history) for f in (toxin_wear_off_weeks, toxin_wear_off_trend_weeks)]
    columns += [f(history) for f in (toxin_response_state, toxin_response_trend_state)]
    for row, (patient, week) in enumerate(seen):
        wear_offs = known_by(rows, patient, week, WEAR_OFF, WEAR_OFF)
        answers = known_by(rows, patient, week, ANSWER, lambda session: np.nan_to_num(TRIAL(session)))
        wanted = [*(wear_offs[-1:] or [np.nan]), slope(wear_offs), *(answers[-1:] or [np.nan]), slope(answers)]
        np.testing.assert_allclose([column[row] for column in columns], wanted, atol=1e-12)


@given(histories())
def test_intervals_and_the_place_in_the_cycle_are_what_a_plain_loop_finds(drawn):
    seen, rows, history = drawn
    columns = [f(history) for f in (toxin_interval_weeks, toxin_interval_trend_weeks, toxin_cycle_ratio)]
    for row, (patient, week) in enumerate(seen):
        past = sorted({each[1] for each in rows if each[0] == patient and each[1] <= week})
        gaps = np.diff(past).tolist()
        last = [each for each in rows if each[0] == patient and past and each[1] == past[-1]]
        planned = extreme(min, lambda each: each[5])(last)
        length = planned if planned > 0 else (gaps or [np.nan])[-1]
        place = (week - past[-1]) / length if past and length > 0 else np.nan
        wanted = [*(gaps[-1:] or [np.nan]), slope(gaps), place]
        np.testing.assert_allclose([column[row] for column in columns], wanted, atol=1e-12)


@given(histories(), st.data())
def test_what_a_row_tells_of_later_days_changes_nothing_before_them(drawn, data):
    """A session's row is completed as its effect is seen; nobody knew at the visit what was written afterwards."""
    seen, rows, history = drawn
    if not seen:
        return
    week = data.draw(st.sampled_from(sorted({week for _, week in seen})))
    blank = [
        (who, when, *_as_known(when, week, wear_off, trial, answer), planned)
        for who, when, wear_off, trial, answer, planned in rows
    ]
    before = History(visits([who for who, _ in seen], [when for _, when in seen]), treated(blank))
    at = [when <= week for _, when in seen]
    features = (toxin_wear_off_weeks, toxin_wear_off_trend_weeks, toxin_cycle_ratio)
    for feature in features:
        # the shortest wear-off of a session stands for it: a later one of the same day says nothing before
        np.testing.assert_array_equal(feature(history)[at], feature(before)[at])


def _as_known(when, week, wear_off, trial, answer):
    return (wear_off if when + wear_off <= week else np.nan), trial, answer


def courses(kind, weeks, **columns):
    table = {"patient_id": "a", "kind": kind, "weeks_since_enrolment": np.array(weeks, dtype=float)}
    return pd.DataFrame(table | {name: np.array(values, dtype=object) for name, values in columns.items()})


def test_the_best_response_to_a_drug_counts_once_its_trial_is_over():
    given_levodopa = courses("levodopa", [0, 10], response=["partial", "marked"], trial_weeks=[4, 6])
    history = History(visits(["a"] * 5, [0, 3, 4, 15, 16]), given_levodopa)
    levodopa = best_response_state(history)[
        :, list(best_response_state.spec.columns).index("best_response_levodopa_state")
    ]
    np.testing.assert_array_equal(levodopa, [np.nan, np.nan, 0.5, 0.5, 1.0])


def test_trials_stopped_for_side_effects_are_counted_over_all_drugs():
    both = pd.concat(
        [
            courses("levodopa", [0, 10], stopped_for_side_effects=[1.0, 1.0]),
            courses("baclofen", [5], stopped_for_side_effects=[0.0]),
            courses("botulinum_toxin", [5], stopped_for_side_effects=[1.0]),
        ]
    )
    history = History(visits(["a"] * 4, [0, 1, 6, 20]), both)
    np.testing.assert_array_equal(drugs_stopped_count(history), [np.nan, 1.0, 1.0, 2.0])


def test_targets_of_stimulation_add_up_and_an_unknown_one_says_nothing():
    history = History(visits(["a"] * 3, [0, 1, 6]), courses("dbs", [0, 1, 5], dbs_target=["", "gpi", "vim"]))
    np.testing.assert_array_equal(dbs_target_state(history), [[np.nan] * 3, [1.0, 0.0, 0.0], [1.0, 0.0, 1.0]])


def test_rows_of_one_day_are_one_session_whichever_of_them_tells():
    """Two electrodes, or several muscles, stand in several rows; an empty cell takes nothing from the others."""
    electrodes = courses("dbs", [5, 5, 5], dbs_target=["", "gpi", "vim"])
    history = History(visits(["a"] * 2, [4, 6]), electrodes)
    np.testing.assert_array_equal(dbs_target_state(history), [[np.nan] * 3, [1.0, 0.0, 1.0]])
    muscles = courses(
        "botulinum_toxin", [0, 0, 0], response=["partial", "", "marked"], dose_toxin_units=[50.0, np.nan, 25.0]
    )
    history = History(visits(["a"], [2]), muscles)
    np.testing.assert_array_equal(toxin_response_state(history), [1.0])
    np.testing.assert_array_equal(last_dose_toxin_units(history), [75.0])
    np.testing.assert_array_equal(toxin_sessions_count(history), [1.0])


@pytest.mark.parametrize("table", [pd.DataFrame(), courses("levodopa", [1]), courses("", [1]), courses(None, [1])])
def test_without_a_table_nothing_is_known_and_without_a_row_there_was_none(table):
    """No table says nothing of toxin; one without any session of it says that there was none."""
    history = History(visits(["a", "b"], [4, 6]), table)
    np.testing.assert_array_equal(toxin_sessions_count(history), [np.nan if table.empty else 0.0] * 2)
    for feature in (toxin_wear_off_weeks, toxin_interval_weeks, last_dose_toxin_units):
        assert np.isnan(feature(history)).all()


def test_change_since_an_operation_is_held_against_the_last_visit_before_it():
    """Of the same day counts as before: scores are taken, then the patient is operated on."""
    scores = {"bfmdrs_movement_points": [40.0, 50.0, 20.0, 10.0], "bfmdrs_disability_points": [9.0, np.nan, 5.0, 3.0]}
    history = History(visits(["a"] * 4, [0, 2, 30, 60], **scores), courses("dbs", [2, 40]))
    np.testing.assert_array_equal(
        change_since_dbs_points(history), [[np.nan, np.nan], [0.0, np.nan], [-30.0, np.nan], [-40.0, np.nan]]
    )
    toxin = History(
        visits(["a"] * 3, [0, 4, 12], twstrs_total_points=[40.0, 30.0, 38.0]), courses("botulinum_toxin", [1, 9])
    )
    np.testing.assert_array_equal(twstrs_total_change_since_toxin_points(toxin), [np.nan, -10.0, 8.0])


@pytest.mark.parametrize("sessions", [1, 400])
def test_a_trend_has_the_same_bits_whoever_else_was_treated(sessions):
    """Sums run within a patient: another one's doses would shift the last bit of a running total."""
    stream = np.random.default_rng(1)
    ids = np.repeat([f"p{number}" for number in range(30)], 6)
    table = pd.DataFrame(
        {
            "patient_id": np.concatenate([ids, np.full(sessions, "p7x", dtype=object)]),
            "kind": "botulinum_toxin",
            "weeks_since_enrolment": np.concatenate([np.tile(13.0 * np.arange(6), 30), np.arange(sessions) / 3]),
            "wear_off_weeks": np.concatenate([stream.uniform(5, 12, 180), np.full(sessions, 0.1)]),
        }
    )
    seen = visits([*pd.unique(ids), "p7x"], [100.0] * 31)
    whole = extract(Cohort(seen, table), [toxin_wear_off_trend_weeks])
    alone = [extract(Cohort(seen, table)[[row]], [toxin_wear_off_trend_weeks]) for row in range(31)]
    assert pd.concat(alone).to_numpy().tobytes() == whole.to_numpy().tobytes()
    assert whole.notna().to_numpy()[:30].all()
