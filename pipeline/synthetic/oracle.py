"""The best possible answer to who has what, and whose dystonia will spread, given what is recorded up to each visit.

The generator's own probabilities are summed over all that is hidden: the classes, severity and burden (Gauss-Hermite),
being at the early risk, answers of the history that were left empty, and when and where dystonia has spread by the time
of each visit. Given the class and the two effects all that is recorded is independent, so that a history is a product;
when a spread came is followed from visit to visit. What is conditioned on is what is known at referral (person,
history, form) and, by pattern, the movement; whether somebody comes again depends on these alone and so tells nothing
more.

- ``form``: person, history and form;
- ``measured``: with the blurred latents of each recording, the reference for what a model of recordings can attain;
- ``latent``: with the exact ones, a bound;
- ``sensor``: the blurred latents and the clinic's case mix alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.study import Recipe
from pipeline.synthetic import absence, latents, person
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.course import Visits
from pipeline.synthetic.evidence_of_form import FormTables, form_tables
from pipeline.synthetic.evidence_of_spread import SpreadTables, known_answers, spread_tables
from pipeline.synthetic.form import form_model
from pipeline.synthetic.labels import LabelModel, label_model
from pipeline.synthetic.latents import LatentModel, latent_model
from pipeline.synthetic.logs import log_of
from pipeline.synthetic.person import People
from pipeline.synthetic.quadrature import NODES, Grid, grid_of
from pipeline.units import WEEKS_PER_YEAR

HORIZONS_Y = (1.0, 2.0, 5.0, 10.0)
CLASS_PATTERNS = ("form", "measured", "latent", "sensor")
RISK_PATTERNS = ("form", "measured", "latent")
SEEN_PATTERNS = {"measured": "blurred", "latent": "exact", "sensor": "blurred"}

_BLOCK = 256
"""Patients that are asked about together. A block begins at a multiple of this number of the seed's patients, so that a
patient stands at the same place in it whatever the cohort, and a matrix product rounds alike.
"""


@dataclass(frozen=True)
class Evidence:
    """What the oracle is told.

    Attributes
    ----------
    recipe : Recipe
    mix : Mix
    people : People
        Only what is recorded of them is looked at.
    visits : Visits
    recorded : ndarray of bool, shape (visits,)
    exact, blurred : ndarray, shape (visits, LATENTS)
    first : int
        Patients of the seed before the first one.
    spread_y : ndarray, shape (patients,)
        Only for who is at risk at a visit: of all others no risk is told.
    """

    recipe: Recipe
    mix: Mix
    people: People
    visits: Visits
    recorded: np.ndarray
    exact: np.ndarray
    blurred: np.ndarray
    first: int
    spread_y: np.ndarray


@dataclass(frozen=True)
class Tables:
    """The generator's parameters, laid out over classes and nodes."""

    grid: Grid
    form: FormTables
    spread: SpreadTables
    latent: LatentModel
    label: LabelModel


def tables_of(recipe: Recipe, mix: Mix, nodes: int = NODES) -> Tables:
    """Lay out the parameters of a recipe."""
    grid = grid_of(nodes)
    spread = spread_tables(mix, grid)
    form = form_tables(form_model(mix, recipe), spread.ways, grid)
    return Tables(grid, form, spread, latent_model(mix, recipe), label_model(mix, recipe))


def ask(evidence: Evidence, nodes: int = NODES) -> pd.DataFrame:
    """Return the oracle's answers.

    Returns
    -------
    DataFrame
        One row a visit. ``PATTERN__PHENOTYPE/AETIOLOGY``: probability of each true class, by `CLASS_PATTERNS`;
        ``recorded__...`` the same of each recorded one; ``risk__PATTERN__5y``: probability that dystonia first spreads
        within these years, by `RISK_PATTERNS`, for who is at risk at the visit and else NaN.
    """
    visits, people = evidence.visits, evidence.people
    tables = tables_of(evidence.recipe, evidence.mix, nodes)
    names = evidence.mix.names
    classes = {pattern: np.empty((len(visits), len(names))) for pattern in CLASS_PATTERNS}
    risks = {pattern: np.full((len(visits), len(HORIZONS_Y)), np.nan) for pattern in RISK_PATTERNS}
    ends = np.searchsorted(visits.patient, np.arange(len(people) + 1))
    start = -(evidence.first % _BLOCK)
    for low in range(start, len(people), _BLOCK):
        block = _Block(evidence, tables, low, ends)
        block.answer(classes, risks)
    at_risk = visits.years(people) < evidence.spread_y[visits.patient]
    rate = tables.label.rate(people.centre, people.duration_y)[visits.patient]
    columns = {"patient_id": people.patient_id[visits.patient], "visit_id": [f"V{n + 1}" for n in visits.number]}
    found: dict[str, pd.Series] = {name: pd.Series(values, dtype=object) for name, values in columns.items()}
    for pattern, answer in classes.items():
        found |= {f"{pattern}__{name}": pd.Series(answer[:, number]) for number, name in enumerate(names)}
        recorded = tables.label.recorded(answer, rate)
        found |= {f"recorded__{pattern}__{name}": pd.Series(recorded[:, n]) for n, name in enumerate(names)}
    for pattern, answer in risks.items():
        for number, years in enumerate(HORIZONS_Y):
            found[f"risk__{pattern}__{years:g}y"] = pd.Series(np.where(at_risk, answer[:, number], np.nan))
    return pd.DataFrame(found)


class _Block:
    """The patients of one block, followed from visit to visit; rows before the cohort's first patient stay empty."""

    def __init__(self, evidence: Evidence, tables: Tables, low: int, ends: np.ndarray) -> None:
        self.evidence, self.tables = evidence, tables
        inside = np.arange(max(low, 0), min(low + _BLOCK, len(evidence.people)))
        self.place, self.first = inside - low, ends[inside]
        self.length = ends[inside + 1] - ends[inside]
        self.people = inside
        classes, nodes = len(evidence.mix.pairs), len(tables.grid.severity)
        self.prior = np.zeros((_BLOCK, classes))
        self.prior[self.place] = self._log_prior(inside)
        self.clinic = np.zeros((_BLOCK, classes))
        self.clinic[self.place] = log_of(evidence.mix.by_centre)[evidence.people.centre[inside]]
        self.seen = {kind: np.zeros((_BLOCK, classes, nodes)) for kind in ("exact", "blurred")}
        self.form = tables.form.begin(_BLOCK)
        people = evidence.people.part(inside)
        self.spread = tables.spread.begin(_BLOCK, self.place, known_answers(people), people.young)

    def _log_prior(self, inside: np.ndarray) -> np.ndarray:
        evidence = self.evidence
        people = evidence.people.part(inside)
        absent = absence.log_likelihood(evidence.mix, evidence.recipe, "history", people.history_absent)
        return person.log_likelihood(people) + absent

    def answer(self, classes: dict[str, np.ndarray], risks: dict[str, np.ndarray]) -> None:
        """Fill in the rows of this block's visits."""
        for number in range(int(self.length.max(initial=0))):
            here = np.flatnonzero(self.length > number)
            rows, place = self.first[here] + number, self.place[here]
            self._hear(rows, place, self.people[here])
            years = self.evidence.people.duration_y[self.people[here]]
            years = years + self.evidence.visits.week[rows] / WEEKS_PER_YEAR
            self.spread.step(place, years)
            changes = self.form.hear(self.evidence.visits.answers[rows], place)
            self.spread.weigh(changes)
            self._tell(rows, place, years, classes, risks)

    def _hear(self, rows: np.ndarray, place: np.ndarray, patient: np.ndarray) -> None:
        """Take in what was left out, and what movement showed."""
        evidence, latent = self.evidence, self.tables.latent
        years = evidence.people.duration_y[patient] + evidence.visits.week[rows] / WEEKS_PER_YEAR
        for name, absent in evidence.visits.absent.items():
            self.prior[place] += absence.log_likelihood(evidence.mix, evidence.recipe, name, absent[rows])
        recorded = evidence.recorded[rows]
        told = absence.log_likelihood(evidence.mix, evidence.recipe, "recordings", ~recorded)
        self.prior[place] += told
        self.clinic[place] += told
        shown = np.flatnonzero(recorded)
        error = latents.errors(latent, evidence.people.centre[patient[shown]], evidence.blurred[rows[shown]])
        for kind, values, width in (("exact", evidence.exact, None), ("blurred", evidence.blurred, error)):
            self.seen[kind][place[shown]] += latents.log_likelihood(
                latent, values[rows[shown]], width, years[shown], self.tables.grid.severity
            )

    def _tell(
        self,
        rows: np.ndarray,
        place: np.ndarray,
        years: np.ndarray,
        classes: dict[str, np.ndarray],
        risks: dict[str, np.ndarray],
    ) -> None:
        """Give the answers of the patients who are here."""
        by_clinic = self.clinic[place][..., None] + np.log(self.tables.grid.weights.sum(axis=1))
        form, not_spread = self.form.log_joint()[place], self.spread.free(place)
        anyhow = form + log_of(not_spread + self.spread.spread(place)) + self.prior[place][..., None]
        at_risk = form + self.prior[place][..., None]
        later = self.spread.free_later(place, years, HORIZONS_Y)
        for pattern in CLASS_PATTERNS:
            extra = self.seen[SEEN_PATTERNS[pattern]][place] if pattern in SEEN_PATTERNS else 0.0
            weights = (by_clinic if pattern == "sensor" else anyhow) + extra
            joint = _scaled(weights)
            by_class = joint.sum(axis=2)
            classes[pattern][rows] = by_class / by_class.sum(axis=1, keepdims=True)
            if pattern in RISK_PATTERNS:
                free = _scaled(at_risk + extra)[:, self.spread.classes]
                still = _total(free * not_spread[:, self.spread.classes])
                for number, left in enumerate(later):
                    come = _total(free * (not_spread[:, self.spread.classes] - left))
                    with np.errstate(invalid="ignore"):
                        risks[pattern][rows, number] = come / still


def _total(values: np.ndarray) -> np.ndarray:
    """Add up each row in one order of memory, so that the last bit does not depend on how many rows there are."""
    return np.ascontiguousarray(values).reshape(len(values), -1).sum(axis=1)


def _scaled(logs: np.ndarray) -> np.ndarray:
    """Return the exponentials, with the largest of each row at 1."""
    return np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
