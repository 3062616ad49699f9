"""What the answers of a form say of each class, at each node of the hidden effects.

Logs of chances are laid out once, so that a block of forms is heard by one product of matrices. Items of severity and
items of burden are kept apart, each over its own nodes, and are joined by the weights of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.form import ITEMS, OF_BURDEN, FormModel, implied, reached_items
from pipeline.synthetic.form_figures import SPREAD_LOGIT
from pipeline.synthetic.logs import log_of
from pipeline.synthetic.quadrature import Grid

Way = tuple[int, str]
"""A class, and a region that its first spread may reach."""


@dataclass(frozen=True)
class FormTables:
    """Logs of chances; the first axis is yes to each item, then no to each.

    Attributes
    ----------
    grid : Grid
    of_severity, of_burden : ndarray, shape (2 items, classes, nodes)
    reached : ndarray, shape (2 items, ways, nodes)
        What a spread adds to `of_severity`.
    """

    grid: Grid
    of_severity: np.ndarray
    of_burden: np.ndarray
    reached: np.ndarray

    def begin(self, patients: int) -> FormEvidence:
        """Return a block of patients of whom nothing has been heard."""
        shape = (patients, *self.of_severity.shape[1:])
        return FormEvidence(self, np.zeros(shape), np.zeros(shape))


def form_tables(model: FormModel, ways: Sequence[Way], grid: Grid) -> FormTables:
    """Lay out the chances of a form."""
    severe = _both(model, model.centre[:, None, :] + model.slope * grid.severity[None, :, None])
    burden = _both(model, model.centre[:, None, :] + model.slope * grid.burden[None, :, None])
    keep = np.concatenate([OF_BURDEN, OF_BURDEN])[:, None, None]
    reached = np.zeros((2 * len(ITEMS), len(ways), len(grid.severity)))
    for number, (label, region) in enumerate(ways):
        items = reached_items(region)
        logits = model.centre[label, None, items].T + model.slope[items] * grid.severity[:, None]
        more = _both(model, logits + SPREAD_LOGIT, items) - _both(model, logits, items)
        reached[items, number], reached[items + len(ITEMS), number] = more[: len(items)], more[len(items) :]
    return FormTables(grid, np.where(keep, 0.0, severe), np.where(keep, burden, 0.0), reached)


def _both(model: FormModel, logits: np.ndarray, items: np.ndarray | slice = slice(None)) -> np.ndarray:
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
            How many times more likely the answers are if dystonia has spread that way; 1 for who has no form here.
        """
        said = np.zeros((len(self.of_severity), 2 * len(ITEMS)))
        asked = ~np.isnan(answers) & ~implied(answers)
        said[place] = np.hstack([asked & (answers == 1), asked & (answers == 0)])
        self.of_severity += _told(said, self.tables.of_severity)
        self.of_burden += _told(said, self.tables.of_burden)
        return np.exp(_told(said, self.tables.reached))

    def log_joint(self) -> np.ndarray:
        """Return the log probability of all answers and of each node of severity, burden summed out."""
        top = self.of_burden.max(axis=2, keepdims=True)
        flat = np.exp(self.of_burden - top).reshape(-1, len(self.tables.grid.burden))
        joined = (flat @ self.tables.grid.weights.T).reshape(self.of_severity.shape)
        return self.of_severity + log_of(joined) + top


def _told(said: np.ndarray, table: np.ndarray) -> np.ndarray:
    return (said @ table.reshape(len(table), -1)).reshape(len(said), *table.shape[1:])
