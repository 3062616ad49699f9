"""Generated patients as one table, one row a patient: what the truth says, what the first visit says, what was done."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.recipe import Recipe
from pipeline.schema.distribution import AREAS, distribution_of
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS, TREATMENT_KINDS

from .plan import Plan
from .statistics import narrowed

_FIRST_SEED = 20_260
_SEEN_WHOLE = {"missing": 0.0, "absent": 0.0, "label_noise": 0.0, "rater_noise": 0.0, "recordings": 1.0}
"""Every item asked and answered without error, every visit recorded."""


def class_table(pair: str, number: int, patients: int) -> pd.DataFrame:
    """Generate the patients of one class, with true labels, an errorless rater and no empty item.

    Parameters
    ----------
    pair : str
        ``phenotype/aetiology``.
    number : int
        Position of the class in the plan: each class has a seed of its own, so that no two share their luck.
    patients : int
    """
    recipe = Recipe(name="fidelity", title="", classes={pair: 1.0}, **_SEEN_WHOLE)
    return patient_table(generate(recipe, patients=patients, seed=_FIRST_SEED + number))


def tables_of(plan: Plan, patients: int) -> dict[str, pd.DataFrame]:
    """Generate each class of the plan once; returns its patients by class."""
    return {pair: class_table(pair, number, patients) for number, pair in enumerate(plan.pairs)}


def population_table(plan: Plan, name: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Mix the classes of a population by their weights: all patients of the heaviest, the first ones of the others."""
    weights = plan.weights(name)
    heaviest = max(weights.values())
    parts = [tables[pair].head(round(len(tables[pair]) * weight / heaviest)) for pair, weight in weights.items()]
    return narrowed(pd.concat(parts, ignore_index=True), plan.populations[name].where)


def patient_table(synthetic: SyntheticCohort) -> pd.DataFrame:
    """Return one row a patient.

    Columns are those of the truth about patients; those of the visits table at the first visit; and ``followed_y``
    (years from onset to the last visit), ``onset_region``, ``distribution_at_onset`` and ``distribution_at_visit``
    (the first visit), ``lower_face_at_visit``, ``entered_y`` (recorded years from onset to enrolment) with the interval
    of the spread as the first visit's outcome has it, each kind of treatment as a flag, and the response to it.
    """
    truth = synthetic.truth.patients.set_index("patient_id")
    visits = synthetic.cohort.visits
    first = visits.groupby("patient_id", sort=False).first()
    hidden = synthetic.truth.visits.drop_duplicates("patient_id").set_index("patient_id").filter(regex="latent_|sign_")
    last_week = visits.groupby("patient_id", sort=False)["weeks_since_enrolment"].max()
    regions = first[[f"dystonia_{region}" for region in REGIONS]].to_numpy() == 1
    table = first.drop(columns=[name for name in first if name in truth]).join(truth)
    at_onset = truth[[f"onset_{region}" for region in REGIONS]].reindex(table.index).to_numpy() == 1
    given = synthetic.cohort.treatments
    treated = pd.DataFrame(
        {kind: table.index.isin(given.loc[given["kind"] == kind, "patient_id"]) for kind in TREATMENT_KINDS},
        index=table.index,
    )
    derived = pd.DataFrame(
        {
            "followed_y": truth["enrolment_y"] - truth["onset_y"] + last_week / WEEKS_PER_YEAR,
            "followed_weeks": last_week,
            **_treatment_columns(synthetic),
            "entered_y": first["age_at_enrolment_y"] - first["age_at_onset_y"],
            "onset_region": np.where(at_onset.any(axis=1), np.array(REGIONS)[at_onset.argmax(axis=1)], ""),
            "distribution_at_onset": _distributions(at_onset),
            "distribution_at_visit": _distributions(regions),
            "lower_face_at_visit": regions[:, [REGIONS.index(region) for region in AREAS["lower_face"]]].any(axis=1),
        },
        index=table.index,
    )
    outcomes = synthetic.cohort.outcomes.drop_duplicates("patient_id").set_index("patient_id")
    interval = outcomes[["spread_left_y", "spread_right_y"]]
    return table.join(derived).join(interval).join(hidden).join(treated).reset_index()


def _treatment_columns(synthetic: SyntheticCohort) -> dict[str, pd.Series]:
    """Weeks from the first injection to the second and to the last, relief by treatments, and response to each kind."""
    treatments = synthetic.cohort.treatments
    toxin = _given(treatments, "botulinum_toxin")
    first = treatments.drop_duplicates(["patient_id", "kind"]).set_index("patient_id")
    gap = toxin.groupby("patient_id", sort=False)["given_week"].diff()
    return {
        "toxin_interval_weeks": gap[gap.notna()].groupby(toxin["patient_id"]).first(),
        "toxin_until_week": toxin.groupby("patient_id")["given_week"].max(),
        "relief_under_toxin": _under_toxin(synthetic),
        "relief_after_denervation": _after(synthetic, "denervation"),
        "relief_after_dbs": _after(synthetic, "dbs"),
        **{f"{kind}_response": first.loc[first["kind"] == kind, "response"] for kind in TREATMENT_KINDS},
    }


def _reliefs(synthetic: SyntheticCohort) -> pd.DataFrame:
    """Share of severity that treatment takes away, by patient and week of the visit."""
    visits = synthetic.cohort.visits[["patient_id", "visit_id", "weeks_since_enrolment"]]
    return visits.merge(synthetic.truth.visits[["patient_id", "visit_id", "relief"]], on=["patient_id", "visit_id"])


def _under_toxin(synthetic: SyntheticCohort) -> pd.Series:
    """Mean relief at each patient's visits two to seven weeks after an injection, when it is at its height."""
    last = pd.merge_asof(
        _reliefs(synthetic).sort_values("weeks_since_enrolment"),
        _given(synthetic.cohort.treatments, "botulinum_toxin").sort_values("given_week"),
        left_on="weeks_since_enrolment",
        right_on="given_week",
        by="patient_id",
        allow_exact_matches=False,
    )
    acting = last[(last["weeks_since_enrolment"] - last["given_week"]).between(2, 7)]
    return acting.groupby("patient_id")["relief"].mean()


def _after(synthetic: SyntheticCohort, kind: str) -> pd.Series:
    """Mean relief at each patient's visits after a treatment that stays."""
    first = _given(synthetic.cohort.treatments, kind).groupby("patient_id")["given_week"].min()
    reliefs = _reliefs(synthetic)
    after = reliefs["weeks_since_enrolment"] > reliefs["patient_id"].map(first)
    return reliefs[after].groupby("patient_id")["relief"].mean()


def _given(treatments: pd.DataFrame, kind: str) -> pd.DataFrame:
    given = treatments[treatments["kind"] == kind]
    return given[["patient_id", "weeks_since_enrolment"]].rename(columns={"weeks_since_enrolment": "given_week"})


def _distributions(regions: np.ndarray) -> list[str]:
    kinds, number = np.unique(regions, axis=0, return_inverse=True)
    names = [
        distribution_of({area for area, parts in AREAS.items() if held & {REGIONS.index(part) for part in parts}})
        for held in (set(np.flatnonzero(kind)) for kind in kinds)
    ]
    return [names[each] for each in number.ravel()]
