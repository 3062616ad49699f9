"""From a recipe and a seed to a cohort, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import UsageError
from pipeline.records import Cohort
from pipeline.schema import VISITS
from pipeline.study import Recipe
from pipeline.synthetic.classes import mix_of
from pipeline.synthetic.course import Visits, draw_visits, has_spread, spread_interval, visit_uniform
from pipeline.synthetic.findings import draw_findings
from pipeline.synthetic.form import draw_form
from pipeline.synthetic.person import People, draw_people
from pipeline.synthetic.regions import draw_regions
from pipeline.synthetic.scales import draw_scales
from pipeline.synthetic.spread import draw_spread
from pipeline.synthetic.streams import Streams
from pipeline.synthetic.treatments import draw_toxin, draw_treatments
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS


@dataclass(frozen=True)
class SyntheticCohort:
    """A cohort with what its maker knows.

    Attributes
    ----------
    cohort : Cohort
        Marked as synthetic.
    truth : DataFrame
        One row a patient: ``patient_id``, true ``phenotype`` and ``aetiology``, ``severity`` (standard normal), and
        ``spread_from_onset_y``: infinite where dystonia never spreads, NaN for who has not one region at onset.
    recipe : Recipe
    seed : int
    first : int
        Patients before the first one of this part.
    """

    cohort: Cohort
    truth: pd.DataFrame
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
    >>> synthetic.truth["patient_id"].tolist(), synthetic.cohort.synthetic
    (['P000001', 'P000002', 'P000003'], True)
    """
    _check_counts(patients, seed, first)
    mix = mix_of(recipe)
    streams = Streams(seed, first, patients)
    people = draw_people(mix, streams)
    spread_y = draw_spread(people, streams)
    regions = draw_regions(people, streams)
    toxin = draw_toxin(people, streams)
    visits = draw_visits(people, toxin, recipe.max_visits, streams)
    spread = has_spread(visits, people, spread_y)
    form = draw_form(people, visits, regions, spread, missing=recipe.missing, streams=streams)
    held = regions.at(visits.patient, spread)
    cohort = Cohort(
        visits=_visits_table(
            people,
            visits,
            {
                **_person_columns(people, visits, recipe.missing, streams),
                **form.recorded,
                **{f"dystonia_{region}": held[:, number].astype(float) for number, region in enumerate(REGIONS)},
                **draw_scales(people, visits, streams),
                "findings": draw_findings(people, visits, held, form, streams),
            },
        ),
        treatments=draw_treatments(people, visits, regions, toxin, streams),
        outcomes=_outcomes_table(people, visits, spread_interval(visits, people, spread_y, spread)),
        synthetic=True,
    )
    return SyntheticCohort(cohort, _truth_table(people, spread_y), recipe, seed, first)


def _check_counts(patients: int, seed: int, first: int) -> None:
    for name, found, lowest in (("patients", patients, 1), ("seed", seed, 0), ("first", first, 0)):
        if found < lowest:
            raise UsageError(
                name, f"{found}", needed=f"{lowest} is the smallest that will do", do=f"Ask for {lowest} or more"
            )


def _person_columns(people: People, visits: Visits, missing: float, streams: Streams) -> dict[str, np.ndarray]:
    patient = visits.patient
    day = people.enrolled[patient] + (7 * visits.week).astype("timedelta64[D]")
    onset = np.round(people.onset_y, 2)[patient]
    forgotten = visit_uniform(visits, streams, "onset left empty", 1)[:, 0] < missing
    return {
        "visit_date": np.datetime_as_string(day).astype(object),
        "weeks_since_enrolment": visits.week.astype(float),
        "age_at_visit_y": np.round(people.enrolment_y[patient] + visits.week / WEEKS_PER_YEAR, 2),
        "age_at_enrolment_y": np.round(people.enrolment_y, 2)[patient],
        "age_at_onset_y": np.where(forgotten, np.nan, onset),
        "sex": np.where(people.female, "female", "male").astype(object)[patient],
        "centre": np.array([f"centre-{number}" for number in people.centre], dtype=object)[patient],
        "publication": np.full(len(visits), "", dtype=object),
    }


def _visits_table(people: People, visits: Visits, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Put the columns into the order of the schema."""
    identity = {
        "source": pd.Series(["synthetic"] * len(visits), dtype=object),
        "row": np.arange(1, len(visits) + 1),
        **_visit_ids(people, visits),
    }
    ordered = {column.name: columns[column.name] for column in VISITS if column.name in columns}
    texts = {name: pd.Series(values, dtype=object) for name, values in ordered.items() if values.dtype == object}
    return pd.DataFrame({**identity, **ordered, **texts})


def _visit_ids(people: People, visits: Visits) -> dict[str, pd.Series]:
    return {
        "patient_id": pd.Series(people.patient_id[visits.patient], dtype=object),
        "visit_id": pd.Series([f"V{number + 1}" for number in visits.number], dtype=object),
    }


def _outcomes_table(people: People, visits: Visits, interval: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **_visit_ids(people, visits),
            "phenotype": pd.Series(people.phenotype[visits.patient], dtype=object),
            "aetiology": pd.Series(people.aetiology[visits.patient], dtype=object),
            "spread_left_y": interval[0],
            "spread_right_y": interval[1],
        }
    )


def _truth_table(people: People, spread_y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": pd.Series(people.patient_id, dtype=object),
            "phenotype": pd.Series(people.phenotype, dtype=object),
            "aetiology": pd.Series(people.aetiology, dtype=object),
            "severity": np.round(people.severity, 6),
            "spread_from_onset_y": np.round(spread_y, 6),
        }
    )
