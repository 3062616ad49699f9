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

from pipeline.recipe import Recipe
from pipeline.synthetic import absence, latents, person
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.course import Visits
from pipeline.synthetic.evidence_of_form import FormTables, form_tables
from pipeline.synthetic.evidence_of_spread import SpreadTables, known_answers, spread_tables
from pipeline.synthetic.form import form_model
from pipeline.synthetic.labels import LabelModel, label_model
from pipeline.synthetic.latents import LatentModel, latent_model
from pipeline.synthetic.logs import IMPOSSIBLE
from pipeline.synthetic.person import People
from pipeline.synthetic.quadrature import NODES, Grid, grid_of
from pipeline.synthetic.spread import RATIOS
from pipeline.units import WEEKS_PER_YEAR

HORIZONS_Y = (1.0, 2.0, 5.0, 10.0)
CLASS_PATTERNS = ("form", "measured", "latent", "sensor")
RISK_PATTERNS = ("form", "measured", "latent")
SEEN_PATTERNS = {"form": "nothing", "measured": "blurred", "latent": "exact", "sensor": "blurred"}

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
    table, answers = _empty(visits, people, names)
    ends = np.searchsorted(visits.patient, np.arange(len(people) + 1))
    start = -(evidence.first % _BLOCK)
    for low in range(start, len(people), _BLOCK):
        _Block(evidence, tables, low, ends).answer(answers)
    return table


@dataclass(frozen=True)
class _Answers:
    """Where the answers go: parts of one table, shape (visits, classes or horizons)."""

    true: dict[str, np.ndarray]
    recorded: dict[str, np.ndarray]
    risks: dict[str, np.ndarray]


def _empty(visits: Visits, people: People, names: tuple[str, ...]) -> tuple[pd.DataFrame, _Answers]:
    """Lay out the table of answers, column by column, and the parts of it that are to be filled."""
    kinds = [(prefix, pattern) for pattern in CLASS_PATTERNS for prefix in ("", "recorded__")]
    columns = [f"{prefix}{pattern}__{name}" for prefix, pattern in kinds for name in names]
    columns += [f"risk__{pattern}__{years:g}y" for pattern in RISK_PATTERNS for years in HORIZONS_Y]
    numbers = np.full((len(columns), len(visits)), np.nan)
    table = pd.DataFrame(numbers.T, columns=pd.Index(columns), copy=False)
    for place, (name, values) in enumerate(visits.ids(people).items()):
        table.insert(place, name, values)
    ends = np.cumsum([len(names)] * len(kinds) + [len(HORIZONS_Y)] * len(RISK_PATTERNS))[:-1]
    parts = [part.T for part in np.split(numbers, ends)]
    by_kind = dict(zip(kinds, parts, strict=False))
    true, recorded = (
        {pattern: by_kind[prefix, pattern] for pattern in CLASS_PATTERNS} for prefix in ("", "recorded__")
    )
    return table, _Answers(true, recorded, dict(zip(RISK_PATTERNS, parts[len(kinds) :], strict=True)))


class _Block:
    """The patients of one block, followed from visit to visit; rows before the cohort's first patient stay empty."""

    def __init__(self, evidence: Evidence, tables: Tables, low: int, ends: np.ndarray) -> None:
        self.evidence, self.tables = evidence, tables
        inside = np.arange(max(low, 0), min(low + _BLOCK, len(evidence.people)))
        self.place, self.first = inside - low, ends[inside]
        self.length = ends[inside + 1] - ends[inside]
        self.people = inside
        classes, nodes = len(evidence.mix.pairs), len(tables.grid.severity)
        people = evidence.people.part(inside)
        self.prior = np.full((_BLOCK, classes), IMPOSSIBLE)
        self.prior[self.place] = self._log_prior(people)
        possible = self.prior > IMPOSSIBLE / 2
        self.wrong = np.zeros(_BLOCK)
        self.wrong[self.place] = tables.label.rate(people.centre, people.duration_y)
        self.clinic = np.zeros((_BLOCK, classes))
        self.clinic[self.place] = evidence.mix.by_centre[people.centre]
        self.seen = {kind: np.ones((_BLOCK, classes, nodes)) for kind in ("exact", "blurred")}
        self.seen["nothing"] = np.ones((_BLOCK, classes, 1))
        self.severity_weights = tables.grid.weights.sum(axis=1)
        self.spread_y = np.full(_BLOCK, np.nan)
        self.spread_y[self.place] = evidence.spread_y[inside]
        self.form = tables.form.begin(_BLOCK)
        known, young = np.full((_BLOCK, len(RATIOS)), np.nan), np.zeros(_BLOCK, dtype=bool)
        known[self.place], young[self.place] = known_answers(people), people.young
        self.spread = tables.spread.begin(possible, known, young)
        # the classes that can be, and which of them the pairs of `spread` are
        self.pair_place, self.pair_class = np.nonzero(possible)
        number = np.cumsum(possible).reshape(possible.shape) - 1
        self.spreading = number[self.spread.place, tables.spread.classes[self.spread.position]]

    def _log_prior(self, people: People) -> np.ndarray:
        absent = absence.log_likelihood(self.evidence.mix, self.evidence.recipe, "history", people.history_absent)
        return person.log_likelihood(people) + absent

    def answer(self, answers: _Answers) -> None:
        """Fill in the rows of this block's visits."""
        for number in range(int(self.length.max(initial=0))):
            here = np.flatnonzero(self.length > number)
            rows, place = self.first[here] + number, self.place[here]
            years = np.full(_BLOCK, np.nan)
            years[place] = self.evidence.people.duration_y[self.people[here]]
            years[place] += self.evidence.visits.week[rows] / WEEKS_PER_YEAR
            self._hear(rows, place, self.people[here], years[place])
            said = self.form.hear(self.evidence.visits.answers[rows], place)
            self.spread.step(years, said, self.tables.form.of_spread)
            self._tell(rows, place, years, answers)

    def _hear(self, rows: np.ndarray, place: np.ndarray, patient: np.ndarray, years: np.ndarray) -> None:
        """Take in what was left out, and what movement showed."""
        evidence, latent = self.evidence, self.tables.latent
        for name, absent in evidence.visits.absent.items():
            self.prior[place] += absence.log_likelihood(evidence.mix, evidence.recipe, name, absent[rows])
        recorded = evidence.recorded[rows]
        told = absence.log_likelihood(evidence.mix, evidence.recipe, "recordings", ~recorded)
        self.prior[place] += told
        self.clinic[place] *= np.exp(told)
        shown = np.flatnonzero(recorded)
        error = latents.errors(latent, evidence.people.centre[patient[shown]], evidence.blurred[rows[shown]])
        for kind, values, width in (("exact", evidence.exact, None), ("blurred", evidence.blurred, error)):
            self.seen[kind][place[shown]] *= latents.likelihood(
                latent, values[rows[shown]], width, years[shown], self.tables.grid.severity
            )

    def _tell(self, rows: np.ndarray, place: np.ndarray, years: np.ndarray, answers: _Answers) -> None:
        """Give the answers of the patients who are here."""
        here = ~np.isnan(years)
        pairs = np.flatnonzero(here[self.pair_place])
        at = self.pair_place[pairs], self.pair_class[pairs]
        spreading = np.flatnonzero(here[self.spread.place])
        which = np.searchsorted(pairs, self.spreading[spreading])
        free = self._said(at)
        anyhow = free.copy()
        anyhow[which] *= self.spread.so_far()[spreading]
        at_risk = np.flatnonzero((years < self.spread_y)[self.spread.place[spreading]])
        told = which[at_risk]
        weights = np.empty((len(told), free.shape[1], len(RISK_PATTERNS)))
        for pattern in CLASS_PATTERNS:
            seen = self.seen[SEEN_PATTERNS[pattern]]
            by_class = np.zeros_like(self.clinic)
            if pattern == "sensor":
                by_class = self.clinic * (seen @ self.severity_weights)
            else:
                shown = seen[at]
                by_class[at] = np.vecdot(anyhow, np.broadcast_to(shown, anyhow.shape))
                weights[..., RISK_PATTERNS.index(pattern)] = free[told] * shown[told]
            by_class /= np.where(here, by_class.sum(axis=1), 1.0)[:, None]
            answers.true[pattern][rows] = by_class[place]
            answers.recorded[pattern][rows] = self.tables.label.recorded(by_class, self.wrong)[place]
        asked = np.flatnonzero((years < self.spread_y)[place])
        found = self._risks(years, spreading[at_risk], weights)[place[asked]]
        for number, pattern in enumerate(RISK_PATTERNS):
            answers.risks[pattern][rows[asked]] = found[..., number]

    def _said(self, at: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return what is recorded and heard of these pairs of patient and class, by severity; of each patient alike.

        Spread and movement are not in it. A class's largest value sets the scale, so that none is lost.
        """
        share = self.form.joint()
        logs, offset = self.form.of_severity[at], self.prior[at]
        tops = np.full_like(self.prior, -np.inf)
        tops[at] = logs.max(axis=1) + offset
        logs += (offset - tops.max(axis=1)[at[0]])[:, None]
        np.exp(logs, out=logs)
        logs *= share[at]
        return logs

    def _risks(self, years: np.ndarray, pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the risks of who is at risk, from the weights of their pairs, nodes and patterns.

        Returns
        -------
        ndarray, shape (patients, horizons, patterns)
        """
        come = np.matmul(self.spread.come_later(pairs, years, HORIZONS_Y), weights)
        total = np.zeros((_BLOCK, len(self.tables.spread.classes), *come.shape[1:]))
        total[self.spread.place[pairs], self.spread.position[pairs]] = come
        total = total.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return total[:, 1:] / total[:, :1]
