"""What the answers of a form say of each class, at each node of the hidden effects.

Answers that few items give together (those of burden, those of the region that a spread reaches) are tabulated set by
set. The many items of severity are heard by one product of matrices, of logs of their chances. The two effects are kept
apart, each over its own nodes, and are joined by the weights of the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.form import ITEMS, OF_BURDEN, FormModel, implied, reached_items
from pipeline.synthetic.form_figures import SPREAD_LOGIT
from pipeline.synthetic.logs import log_of
from pipeline.synthetic.quadrature import Grid

Way = tuple[int, str]
"""A class, and a region that its first spread may reach."""


_OF_SEVERITY, _OF_BURDEN = np.flatnonzero(~OF_BURDEN), np.flatnonzero(OF_BURDEN)

_SILENT, _YES, _NO = range(3)
"""Of an item that was not asked, affirmed, denied. A set of answers is their number in base 3, the first item last."""


@dataclass(frozen=True)
class FormTables:
    """Chances of answers.

    Attributes
    ----------
    grid : Grid
    of_severity : ndarray, shape (2 items, classes, nodes)
        Logs of the chances of yes to each item of severity, then of no to each.
    of_burden : ndarray, shape (sets, classes, nodes)
        Chance of each set of answers to the items of burden.
    of_spread : ndarray, shape (ways, sets, nodes)
        How many times more likely a set of answers to the items of its region is after a spread.
    reached : tuple of ndarray of int
        The items of each region.
    way_region : ndarray of int, shape (ways,)
        Position in `reached`.
    """

    grid: Grid
    of_severity: np.ndarray
    of_burden: np.ndarray
    of_spread: np.ndarray
    reached: tuple[np.ndarray, ...]
    way_region: np.ndarray

    def begin(self, patients: int) -> FormEvidence:
        """Return a block of patients of whom nothing has been heard."""
        of_severity, of_burden = (
            start((patients, *table.shape[1:]))
            for start, table in ((np.zeros, self.of_severity), (np.ones, self.of_burden))
        )
        return FormEvidence(self, of_severity, of_burden)


def form_tables(model: FormModel, ways: Sequence[Way], grid: Grid) -> FormTables:
    """Lay out the chances of a form."""
    of_severity, of_burden = (
        _both(model, model.centre[:, None, items] + model.slope[items] * effect[None, :, None], items)
        for items, effect in ((_OF_SEVERITY, grid.severity), (_OF_BURDEN, grid.burden))
    )
    regions = list(dict.fromkeys(region for _, region in ways))
    reached = tuple(reached_items(region) for region in regions)
    of_spread = np.ones((len(ways), 3 ** max(map(len, reached), default=0), len(grid.severity)))
    for number, (label, region) in enumerate(ways):
        items = reached[regions.index(region)]
        logits = model.centre[label, None, items].T + model.slope[items] * grid.severity[:, None]
        sets = _sets(_both(model, logits + SPREAD_LOGIT, items) - _both(model, logits, items))
        of_spread[number, : len(sets)] = sets
    way_region = np.array([regions.index(region) for _, region in ways], dtype=int)
    return FormTables(
        grid, of_severity.reshape(-1, *of_severity.shape[2:]), _sets(of_burden), of_spread, reached, way_region
    )


def _both(model: FormModel, logits: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return the logs of the chances of yes and of no, shape (2, items, ...); items are the last axis of `logits`."""
    yes = np.moveaxis(model.written_yes(logits, items), -1, 0)
    return np.stack([log_of(yes), log_of(1 - yes)])


def _sets(logs: np.ndarray) -> np.ndarray:
    """Return the chances of all sets of answers, from the logs of those of yes and of no to each item."""
    found = np.zeros((1, *logs.shape[2:]))
    for yes, no in zip(*logs, strict=True):
        found = np.concatenate([found, found + yes, found + no])
    return np.exp(found)


def _set_of(said: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return which set of answers to some items was given, shape (patients,)."""
    return said[:, items] @ 3 ** np.arange(len(items))


@dataclass
class FormEvidence:
    """What has been heard of a block of patients, shape (patients, classes, nodes).

    `of_severity` are sums of logs, `of_burden` the chances of the answers, as a share of a patient's largest.
    """

    tables: FormTables
    of_severity: np.ndarray
    of_burden: np.ndarray

    def hear(self, answers: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Take in the forms of the patients at these places.

        Returns
        -------
        ndarray of int, shape (patients, ways)
            Which set of answers each gave to the items that a spread that way reaches: where in `of_spread` to look.
        """
        said = np.full((len(self.of_severity), len(ITEMS)), _SILENT)
        asked = ~np.isnan(answers) & ~implied(answers)
        said[place] = np.where(asked, np.where(answers == 1, _YES, _NO), _SILENT)
        table = self.tables.of_severity
        of_severity = said[:, _OF_SEVERITY]
        columns = np.hstack([of_severity == _YES, of_severity == _NO]).astype(float)
        told = columns @ table.reshape(len(table), math.prod(table.shape[1:]))
        self.of_severity += told.reshape(self.of_severity.shape)
        self.of_burden *= self.tables.of_burden[_set_of(said, _OF_BURDEN)]
        self.of_burden /= self.of_burden.reshape(len(said), -1).max(axis=1)[:, None, None]
        sets = np.zeros((len(said), len(self.tables.reached)), dtype=int)
        for number, items in enumerate(self.tables.reached):
            sets[:, number] = _set_of(said, items)
        return sets[:, self.tables.way_region]

    def joint(self) -> np.ndarray:
        """Return the chance of each node of severity and of all answers that follow burden, which is summed out.

        Returns
        -------
        ndarray, shape (patients, classes, nodes)
            As shares, of each patient alike. `of_severity` is not in it.
        """
        flat = self.of_burden.reshape(-1, len(self.tables.grid.burden))
        return (flat @ self.tables.grid.weights.T).reshape(self.of_severity.shape)
