"""`predict --explain K`: reasons that add up to the prediction, in words, the same however the work was cut."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as papq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.bundle.reasons import Teller, reasons_of
from pipeline.bundle.standing import Standing
from pipeline.cli import main
from pipeline.predict import predict
from pipeline.study import Target

NAMES = ("phenotype", "aetiology", "spread")
REASON = re.compile(r"(?P<part>[^:|]+): (?P<said>[^|]+), (?P<does>[+-]\d+\.\d\d)")


def contribution(reason):
    return float(REASON.fullmatch(reason)["does"])


def log_odds(row, name):
    p = row["spread_risk_5y"] if name == "spread" else row[f"{name}_p_{row[name]}"]
    return math.log(p) - math.log1p(-p)


@pytest.fixture(scope="module")
def explained(line):
    return line.bundle.predict(line.cohort, explain=3)


def check_sums(table, most):
    asked = 0
    for row in table.to_dict("records"):
        for name in NAMES:
            reasons = list(row[f"{name}_reasons"])
            if math.isnan(row[f"{name}_reasons_start"]):
                assert not reasons
                assert math.isnan(row[f"{name}_reasons_rest"])
                continue
            does = [contribution(reason) for reason in reasons]
            assert len(does) <= most
            assert 0.0 not in does
            assert [abs(each) for each in does] == sorted(map(abs, does), reverse=True)
            total = row[f"{name}_reasons_start"] + sum(does) + row[f"{name}_reasons_rest"]
            assert total == pytest.approx(log_odds(row, name), abs=1e-8)
            asked += 1
    assert asked > len(table)


@settings(max_examples=6)
@given(most=st.integers(1, 40), first=st.integers(0, 100), count=st.integers(1, 40))
def test_reasons_add_up_to_the_prediction(line, most, first, count):
    """Start, the numbers of the reasons and the rest are the log-odds of what is predicted, for any K."""
    rows = np.arange(len(line.cohort))[first : first + count]
    check_sums(line.bundle.predict(line.cohort[rows], explain=most), most)


def test_who_cannot_be_asked_gets_no_reason(explained):
    missing = explained["spread_risk_5y"].isna()
    assert missing.any()
    assert (explained["spread_reasons_start"].isna() == missing).all()


def test_a_prediction_is_the_same_with_reasons_beside_it(line, explained):
    plain = line.bundle.predict(line.cohort)
    added = [name for name in explained if name not in plain]
    assert sorted(added) == sorted(f"{name}_reasons{end}" for name in NAMES for end in ("", "_start", "_rest"))
    pd.testing.assert_frame_equal(explained[list(plain)], plain, check_exact=True)


def test_no_visits_have_the_same_columns(line, explained):
    empty = line.bundle.empty(explain=3)
    assert list(empty) == list(explained)
    assert all(empty[f"{name}_reasons"].dtype == explained[f"{name}_reasons"].dtype for name in NAMES)


CUTS = [{"batch_size": 1}, {"batch_size": 7, "visits_per_partition": 10, "jobs": 2}, {"visits_per_partition": 40}]


@pytest.mark.parametrize("cut", CUTS, ids=["by_one", "by_workers", "by_partition"])
def test_cut_batches_and_workers_never_show_in_a_reason(line, explained, tmp_path, cut):
    predict(line.bundle_folder, line.cohort_folder, tmp_path / "out", explain=3, **cut)
    parts = pa.concat_tables(papq.read_table(path) for path in (tmp_path / "out").glob("predictions-*"))
    found = parts.sort_by([("source", "ascending"), ("row", "ascending")])
    for name in NAMES:
        assert found[f"{name}_reasons"].to_pylist() == [list(each) for each in explained[f"{name}_reasons"]]
        for end in ("_start", "_rest"):
            numbers = found[f"{name}_reasons{end}"].to_pandas().to_numpy()
            assert numbers.tobytes() == explained[f"{name}_reasons{end}"].to_numpy().tobytes()


def test_a_patient_alone_has_the_reasons_that_it_has_in_the_crowd(line, explained):
    patient = line.cohort.groups[0]
    alone = line.bundle.predict(line.cohort[np.flatnonzero(line.cohort.groups == patient)], explain=3)
    crowd = explained[explained["patient_id"] == patient].reset_index(drop=True)
    pd.testing.assert_frame_equal(crowd, alone, check_exact=True)


def test_a_csv_holds_what_a_parquet_file_holds(line, tmp_path):
    tables = {}
    for form in ("csv", "parquet"):
        predict(line.bundle_folder, line.cohort_folder, tmp_path / form, format=form, explain=2)
        (path,) = (tmp_path / form).glob("predictions-*")
        tables[form] = pacsv.read_csv(path).to_pandas() if form == "csv" else papq.read_table(path).to_pandas()
    for name in NAMES:
        joined = ["|".join(each) for each in tables["parquet"][f"{name}_reasons"]]
        assert tables["csv"][f"{name}_reasons"].fillna("").tolist() == joined
        for end in ("_start", "_rest"):
            pd.testing.assert_series_equal(
                tables["csv"][name + "_reasons" + end], tables["parquet"][name + "_reasons" + end]
            )


@settings(max_examples=15)
@given(data=st.data(), seed=st.integers(0, 99))
def test_what_is_missing_is_no_reason(line, data, seed):
    """Whatever is taken out of a record, it is not named, and the reasons still add up."""
    teller, model = line.bundle.teller, line.bundle.models[0]
    X = line.bundle.vectors(line.cohort[np.arange(5)])
    taken = data.draw(st.sets(st.sampled_from(sorted(teller.parts)), max_size=len(teller.parts)))
    for part in taken:
        X[:, teller.parts[part]] = np.nan
    X[np.random.default_rng(seed).random(X.shape) < 0.2] = np.nan
    found = reasons_of(model, X, np.ones(len(X), dtype=bool), teller, 50)
    function = model.log_odds(X)
    for place, name in enumerate(model.target.told):
        said = function(X, np.arange(len(X)))[:, place]
        for row, reasons in enumerate(found[f"{name}_reasons"]):
            named = [REASON.fullmatch(reason)["part"] for reason in reasons]
            assert not taken & set(named)
            assert len(set(named)) == len(named)
            assert all((~np.isnan(X[row, teller.parts[part]])).any() for part in named)
            total = found[f"{name}_reasons_start"][row] + found[f"{name}_reasons_rest"][row]
            assert total + sum(map(contribution, reasons)) == pytest.approx(said[row], abs=1e-9)


def test_a_reason_says_value_unit_and_place(line):
    """What stands in a reason is the patient's own value, and where it stands among the people of the training."""
    teller = line.bundle.teller
    record = np.full(len(teller.columns), np.nan)
    at = teller.columns.index("age_at_onset_y")
    record[at] = 95.25
    part = list(teller.parts).index("Age at the first symptom")
    words = teller.reason(record, part, at, -0.5)
    assert re.fullmatch(r"Age at the first symptom: 95.2 years \(higher than [5-9] of 10 patients\), -0.50", words)
    alone = Teller(teller.columns, teller.said, {}).reason(record, part, at, -0.5)
    assert alone == "Age at the first symptom: 95.2 years, -0.50"


def test_a_question_with_several_answers_is_answered_in_words(line):
    columns = ("course_progressive_state", "course_fluctuating_state", "course_step_state")
    said = line.bundle.teller.said
    teller = Teller(columns, said, {"course_step_state": Standing(levels=(0.0, 1.0), sharing=(9, 1))})
    step, static = np.array([0.0, 0.0, 1.0]), np.zeros(3)
    assert teller.reason(step, 0, 0, 0.5) == "Course: step (as 1 of 10 patients), +0.50"
    assert teller.reason(static, 0, 0, 0.5) == "Course: none of progressive, fluctuating, step, +0.50"


def test_of_a_recording_the_measurement_that_says_most_is_named(line):
    """A part of several measurements: the one without which the prediction would fall most."""
    columns = tuple(f"head__posture__median__{name}" for name in ("tilt_deg", "movement_rms_g", "jerks_hz"))
    teller = Teller(columns, line.bundle.teller.said)

    class Said:
        """A model of three measurements."""

        target = Target("it", "time_to_event")

        def log_odds(self, X):
            return lambda told, rows: np.nansum(told * [1.0, 2.0, -9.0], axis=1, keepdims=True)

    found = reasons_of(Said(), np.array([[5.0, 4.0, 0.1]]), np.array([True]), teller, 3)
    assert list(found["it_reasons"][0]) == [
        "Recording of the head, posture: strength of all movement, median 4 g, +12.10"
    ]


def test_reasons_stand_in_predictions_only(line, capsys):
    """They hold a patient's values: no message, count or digest repeats them."""
    flags = ["--out", "out", "--explain", "4", "--format", "csv"]
    assert main(["--debug", "predict", str(line.bundle_folder), str(line.cohort_folder), *flags]) == 0
    said = "".join(capsys.readouterr())
    (path,) = Path("out").glob("predictions-*")
    table = pacsv.read_csv(path).to_pandas()
    reasons = {each for name in NAMES for cell in table[f"{name}_reasons"].dropna() for each in cell.split("|")}
    assert len(reasons) > 50
    elsewhere = [said, *(each.read_text() for each in Path("out").iterdir() if not each.name.startswith("predictions"))]
    assert not [
        each for each in reasons for text in elsewhere if REASON.fullmatch(each)["said"] in text and "(" in each
    ]


@pytest.mark.parametrize("most", ["0", "-1", "x", "1.5", ""])
def test_a_number_of_reasons_that_is_none_is_a_wrong_usage(line, most, capsys):
    assert main(["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "out", "--explain", most]) == 64
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not Path("out").exists()


def test_with_reasons_it_is_another_result(line, capsys):
    """What an earlier run left without reasons is not taken for this one."""
    command = ["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "out", "--quiet"]
    assert main(command) == 0
    assert main([*command, "--explain", "1"]) == 73
    assert main([*command, "--explain", "1", "--overwrite"]) == 0
    assert main([*command, "--explain", "1"]) == 0
    assert json.loads(Path("out/_SUCCESS").read_text())["predicted"] == len(line.cohort)
    assert "Traceback" not in capsys.readouterr().err


def test_a_place_comes_from_the_bundle(line):
    """The words are the package's own; a model trained on too few people has no places."""
    bare = replace(line.bundle, standings={})
    reasons = [reason for cell in bare.predict(line.cohort, explain=2)["phenotype_reasons"] for reason in cell]
    assert reasons
    assert not [reason for reason in reasons if "patients)" in reason]
