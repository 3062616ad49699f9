"""From a recipe and a seed to a cohort, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.errors import UsageError
from pipeline.recipe import Recipe
from pipeline.records import Cohort
from pipeline.schema import VISITS
from pipeline.synthetic import absence
from pipeline.synthetic.classes import Mix, mix_of
from pipeline.synthetic.course import Visits, draw_visits, interval_of, visit_uniform
from pipeline.synthetic.epidemiology import value
from pipeline.synthetic.events import Events, draw_events
from pipeline.synthetic.findings import draw_findings, draw_signs
from pipeline.synthetic.form import ITEMS, form_model
from pipeline.synthetic.labels import Labels, draw_labels, label_columns, label_model
from pipeline.synthetic.latents import blur, draw_latents, latent_model
from pipeline.synthetic.movement_figures import LATENTS
from pipeline.synthetic.oracle import Evidence, ask
from pipeline.synthetic.person import HISTORY, People, draw_people
from pipeline.synthetic.regions import RegionSets, draw_regions
from pipeline.synthetic.relief import relief
from pipeline.synthetic.scales import draw_scales
from pipeline.synthetic.spread import draw_spread
from pipeline.synthetic.streams import Streams
from pipeline.synthetic.treatments import draw_treatments, treatments_table
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS, RESPONSES

_IN_REMISSION = 1 - value("effect.remission")
"""Share of the severity that is left."""


@dataclass(frozen=True)
class Movement:
    """What sensors would show at each visit.

    Attributes
    ----------
    recorded : ndarray of bool, shape (visits,)
    exact, blurred : ndarray, shape (visits, LATENTS)
        Also where nothing was recorded.
    """

    recorded: np.ndarray
    exact: np.ndarray
    blurred: np.ndarray


@dataclass(frozen=True)
class Truth:
    """What the generator knows and no clinic does.

    Attributes
    ----------
    patients : DataFrame
        One row a patient: ``patient_id``; the true and the recorded class; the hidden effects; years from onset to each
        event (infinite if it never comes, NaN for who cannot have it); the region that the first spread reaches.
    visits : DataFrame
        One row a visit: what sensors would show (``latent_``), what a recording of it would (``blurred_``), and whether
        there is one; the share of severity that treatment takes away that day; the signs that an examination would
        find (``sign_``), written down or not.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    evidence: Evidence

    @cached_property
    def oracle(self) -> pd.DataFrame:
        """One row a visit: the best possible answers, given what is recorded up to it; see `oracle.ask`."""
        return ask(self.evidence)


@dataclass(frozen=True)
class SyntheticCohort:
    """A cohort with what its maker knows.

    Attributes
    ----------
    cohort : Cohort
        Marked as synthetic.
    truth : Truth
    recipe : Recipe
    seed : int
    first : int
        Patients before the first one of this part.
    """

    cohort: Cohort
    truth: Truth
    recipe: Recipe
    seed: int
    first: int = 0


def generate(recipe: Recipe, *, patients: int, seed: int, first: int = 0) -> SyntheticCohort:
    """Make a synthetic cohort.

    A patient is the same, bit for bit, whatever the number of patients and whichever part is made.

    Parameters
    ----------
    recipe : Recipe
    patients : int
        How many to make.
    seed : int
        Another seed gives other patients.
    first : int
        Patients to leave out before: a large cohort can be made in parts.

    Raises
    ------
    UsageError
        If the recipe, the number or the seed cannot be.

    Examples
    --------
    >>> recipe = Recipe(name="two", title="", classes={"cervical/idiopathic_isolated": 2, "healthy/not_dystonia": 1})
    >>> synthetic = generate(recipe, patients=3, seed=1)
    >>> synthetic.truth.patients["patient_id"].tolist(), synthetic.cohort.synthetic
    (['P000001', 'P000002', 'P000003'], True)
    """
    check_counts(patients, seed, first)
    mix = mix_of(recipe)
    streams = Streams(seed, first, patients)
    people = draw_people(mix, recipe, streams)
    regions = draw_regions(people, streams)
    events = draw_events(people, draw_spread(people, streams), streams)
    form = form_model(mix, recipe)
    visits = draw_visits(people, regions, events.spread, form, recipe=recipe, streams=streams)
    held = _held(people, visits, regions, events)
    given = draw_treatments(people, visits, held, streams)
    eased = relief(given.table, given.responses, people, visits)
    ill = (1 - eased) * np.where(events.in_remission(visits.patient, visits.years(people)), _IN_REMISSION, 1.0)
    signs = draw_signs(people, visits, held, streams)
    labels = draw_labels(people, label_model(mix, recipe), streams)
    movement = _draw_movement(mix, recipe, people, visits, streams)
    columns = {
        **_person_columns(people, visits),
        **{name: visits.answers[:, number] for number, name in enumerate(ITEMS)},
        **{f"dystonia_{region}": held[:, number].astype(float) for number, region in enumerate(REGIONS)},
        **draw_scales(people, visits, ill, streams),
        "findings": draw_findings(people, visits, signs, streams),
    }
    cohort = Cohort(
        visits=_visits_table(people, visits, columns),
        treatments=treatments_table(people, given),
        outcomes=_outcomes_table(people, visits, labels, events),
        synthetic=True,
    )
    truth = Truth(
        _patients_table(people, labels, events, regions),
        _hidden_table(people, visits, movement, eased, signs),
        Evidence(
            recipe, mix, people, visits, movement.recorded, movement.exact, movement.blurred, first, events.spread
        ),
    )
    return SyntheticCohort(cohort, truth, recipe, seed, first)


def check_counts(patients: int, seed: int, first: int = 0) -> None:
    """Refuse numbers that cannot be.

    Raises
    ------
    UsageError
        One line with the name of the number.
    """
    for name, found, lowest in (("patients", patients, 1), ("seed", seed, 0), ("first", first, 0)):
        if found < lowest:
            raise UsageError(
                name, f"{found}", needed=f"{lowest} is the smallest that will do", do=f"Ask for {lowest} or more"
            )


def _held(people: People, visits: Visits, regions: RegionSets, events: Events) -> np.ndarray:
    years = visits.years(people)
    come = [years >= event[visits.patient] for event in (events.spread, events.generalization)]
    return regions.at(visits.patient, *come)


def _draw_movement(mix: Mix, recipe: Recipe, people: People, visits: Visits, streams: Streams) -> Movement:
    model, patient = latent_model(mix, recipe), visits.patient
    uniform = visit_uniform(visits, streams, "movement", 3 + len(LATENTS))
    exact = draw_latents(model, people.pair[patient], people.severity[patient], visits.years(people), uniform[:, 1:])
    blurred = blur(model, people.centre[patient], exact, visit_uniform(visits, streams, "blur", len(LATENTS)))
    absent = absence.absent(mix, recipe, "recordings", people.pair[patient], uniform[:, 0])
    return Movement(~absent, exact, blurred)


def _person_columns(people: People, visits: Visits) -> dict[str, np.ndarray]:
    patient = visits.patient
    day = people.enrolled[patient] + (7 * visits.week).astype("timedelta64[D]")
    history = {
        name: np.where(people.asked[:, number], people.history[name], np.nan)[patient]
        for number, name in enumerate(HISTORY)
    }
    return {
        "visit_date": np.datetime_as_string(day).astype(object),
        "weeks_since_enrolment": visits.week.astype(float),
        "age_at_visit_y": np.round(people.enrolment_y[patient] + visits.week / WEEKS_PER_YEAR, 2),
        "age_at_enrolment_y": people.enrolment_y[patient],
        "age_at_onset_y": people.onset_y[patient],
        "sex": np.where(people.female, "female", "male").astype(object)[patient],
        "centre": np.array([f"centre-{number + 1}" for number in people.centre], dtype=object)[patient],
        "publication": np.full(len(visits), "", dtype=object),
        **history,
    }


def _visits_table(people: People, visits: Visits, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Put the columns into the order of the schema."""
    identity = {
        "source": pd.Series(["synthetic"] * len(visits), dtype=object),
        "row": np.arange(1, len(visits) + 1),
        **visits.ids(people),
    }
    ordered = {column.name: columns[column.name] for column in VISITS if column.name in columns}
    texts = {name: pd.Series(values, dtype=object) for name, values in ordered.items() if values.dtype == object}
    return pd.DataFrame({**identity, **ordered, **texts})


def _outcomes_table(people: People, visits: Visits, labels: Labels, events: Events) -> pd.DataFrame:
    not_yet = visits.years(people) < events.remission[visits.patient]
    columns = {}
    for name in ("spread", "generalization", "remission", "relapse"):
        left, right = interval_of(visits, people, getattr(events, name))
        if name == "relapse":  # nobody relapses who has not remitted
            left, right = np.where(not_yet, np.nan, left), np.where(not_yet, np.nan, right)
        columns |= {f"{name}_left_y": left, f"{name}_right_y": right}
    return pd.DataFrame({**visits.ids(people), **label_columns(people, labels, visits.patient), **columns})


def _patients_table(people: People, labels: Labels, events: Events, regions: RegionSets) -> pd.DataFrame:
    recorded = np.array(people.mix.pairs, dtype=object)[labels.pair]
    texts = {
        "patient_id": people.patient_id,
        "phenotype": people.phenotype,
        "aetiology": people.aetiology,
        "recorded_phenotype": recorded[:, 0],
        "recorded_aetiology": recorded[:, 1],
        "toxin_response": np.array(RESPONSES, dtype=object)[people.response],
        "spread_target": np.array([*REGIONS, ""], dtype=object)[regions.target],
        "sex": np.where(people.female, "female", "male").astype(object),
    }
    numbers = {
        "severity": people.severity,
        "burden": people.burden,
        "onset_y": people.onset_y,
        "enrolment_y": people.enrolment_y,
        **{f"{name}_from_onset_y": years for name, years in vars(events).items()},
    }
    flags = {
        "cured": people.cured,
        **people.history,
        **{f"onset_{region}": regions.at_onset[:, number] for number, region in enumerate(REGIONS)},
    }
    return pd.DataFrame(
        {name: pd.Series(values, dtype=object) for name, values in texts.items()}
        | {name: np.round(values, 6) for name, values in numbers.items()}
        | {name: values.astype(float) for name, values in flags.items()}
    )


def _hidden_table(
    people: People, visits: Visits, movement: Movement, eased: np.ndarray, signs: dict[str, np.ndarray]
) -> pd.DataFrame:
    latents = {f"latent_{name}": movement.exact[:, number] for number, name in enumerate(LATENTS)}
    blurred = {f"blurred_{name}": movement.blurred[:, number] for number, name in enumerate(LATENTS)}
    numbers = {"duration_y": visits.years(people), "relief": eased, **latents, **blurred}
    return pd.DataFrame(
        {
            **visits.ids(people),
            "recorded": movement.recorded.astype(float),
            **{f"sign_{term.replace(':', '_')}": there.astype(float) for term, there in signs.items()},
            **{name: np.round(values, 6) for name, values in numbers.items()},
        }
    )
