"""What the answers of a form say of each class, at each node of the hidden effects.

Logs of chances are laid out once, so that a block of forms is heard by one product of matrices. Items of severity and
items of burden are kept apart, each over its own nodes, and are joined by the weights of the grid.
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


@dataclass(frozen=True)
class FormTables:
    """Logs of chances; the first axis is yes to each item that the table is of, then no to each.

    Attributes
    ----------
    grid : Grid
    of_severity, of_burden : ndarray, shape (2 items, classes, nodes)
    reached : ndarray, shape (2 len(items_reached), ways, nodes)
        What a spread adds to `of_severity`.
    items_reached : ndarray of int
        The items on which a spread has a say.
    """

    grid: Grid
    of_severity: np.ndarray
    of_burden: np.ndarray
    reached: np.ndarray
    items_reached: np.ndarray

    def begin(self, patients: int) -> FormEvidence:
        """Return a block of patients of whom nothing has been heard."""
        of_severity, of_burden = (
            np.zeros((patients, *table.shape[1:])) for table in (self.of_severity, self.of_burden)
        )
        return FormEvidence(self, of_severity, of_burden)


def form_tables(model: FormModel, ways: Sequence[Way], grid: Grid) -> FormTables:
    """Lay out the chances of a form."""
    of_severity, of_burden = (
        _both(model, model.centre[:, None, items] + model.slope[items] * effect[None, :, None], items)
        for items, effect in ((_OF_SEVERITY, grid.severity), (_OF_BURDEN, grid.burden))
    )
    told = [np.asarray(reached_items(region)) for _, region in ways]
    items_reached = np.unique(np.concatenate([*told, _OF_SEVERITY[:0]]))
    reached = np.zeros((2 * len(items_reached), len(ways), len(grid.severity)))
    for number, ((label, _), items) in enumerate(zip(ways, told, strict=True)):
        logits = model.centre[label, None, items].T + model.slope[items] * grid.severity[:, None]
        more = _both(model, logits + SPREAD_LOGIT, items) - _both(model, logits, items)
        at = np.searchsorted(items_reached, items)
        reached[at, number], reached[at + len(items_reached), number] = more[: len(items)], more[len(items) :]
    return FormTables(grid, of_severity, of_burden, reached, items_reached)


def _both(model: FormModel, logits: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return the logs of the chances of yes and of no, the items moved from the last axis to the first."""
    yes = np.moveaxis(model.written_yes(logits, items), -1, 0)
    return np.concatenate([log_of(yes), log_of(1 - yes)])


@dataclass
class FormEvidence:
    """What has been heard of a block of patients: sums of logs, shape (patients, classes, nodes)."""

    tables: FormTables
    of_severity: np.ndarray
    of_burden: np.ndarray

    def hear(self, answers: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Take in the forms of the patients at these places.

        Returns
        -------
        ndarray, shape (patients, ways, nodes)
            Log of how many times more likely the answers are if dystonia has spread that way; 0 for who has no form
            here.
        """
        said = np.zeros((2, len(self.of_severity), len(ITEMS)))
        asked = ~np.isnan(answers) & ~implied(answers)
        said[:, place] = asked & (answers == 1), asked & (answers == 0)
        self.of_severity += _told(said, _OF_SEVERITY, self.tables.of_severity)
        self.of_burden += _told(said, _OF_BURDEN, self.tables.of_burden)
        return _told(said, self.tables.items_reached, self.tables.reached)

    def joint(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability of all answers and of each node of severity, burden summed out.

        Returns
        -------
        share : ndarray, shape (patients, classes, nodes)
            Node and answers that depend on burden, as a share of ``exp(top)``. `of_severity` is not in it.
        top : ndarray, shape (patients, classes)
        """
        top = self.of_burden.max(axis=2)
        flat = np.exp(self.of_burden - top[..., None]).reshape(-1, len(self.tables.grid.burden))
        return (flat @ self.tables.grid.weights.T).reshape(self.of_severity.shape), top


def _told(said: np.ndarray, items: np.ndarray, table: np.ndarray) -> np.ndarray:
    columns = np.hstack([said[0][:, items], said[1][:, items]])
    return (columns @ table.reshape(len(table), math.prod(table.shape[1:]))).reshape(len(columns), *table.shape[1:])
