"""What the form says at each visit.

Given a patient's class, effects and regions, all answers are independent, of each other and between visits; what is
written down differs from what is, by the rater's error. One exception: what the ontology implies (a head tremor is a
tremor) is written down with what implies it, and asked only where that was denied. Any item may be left empty, at
random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from pipeline.ontology import load_ontology
from pipeline.recipe import Recipe
from pipeline.schema import VISITS
from pipeline.schema.symptoms import EARLY_SIGNS, SYMPTOMS
from pipeline.synthetic import form_figures
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.person import HISTORY

ITEMS = tuple(column.name for column in (*EARLY_SIGNS, *SYMPTOMS))
"""Items that are answered anew at each visit."""

ASKED = (*HISTORY, *ITEMS)

CODE = {column.name: column.code for column in VISITS if column.name in ASKED and column.code}
"""HPO term of each item that has one."""

OF_BURDEN = np.array([item in form_figures.OF_BURDEN for item in ITEMS])
"""Whether an item follows burden; all others follow severity."""

_LOGIT_TO_PROBIT = 0.346
"""(16 sqrt(3) / 15 pi)^2: a logistic curve as a normal one (Zeger et al. 1988)."""


def _kinds() -> dict[str, tuple[str, ...]]:
    above = load_ontology().ancestors
    coded = {item: CODE[item] for item in ITEMS if item in CODE}
    return {
        item: kinds
        for item, code in coded.items()
        if (kinds := tuple(other for other in coded if other != item and code in above([coded[other]])))
    }


KINDS = _kinds()
"""Items that are kinds of another, by that other."""

ORDER = sorted(range(len(ITEMS)), key=lambda number: len(KINDS.get(ITEMS[number], ())))
"""Items in the order in which they are asked: kinds before what they are kinds of."""


@dataclass(frozen=True)
class FormModel:
    """The chances of the form's answers.

    Attributes
    ----------
    centre : ndarray, shape (classes, items)
        Logit of a yes for a patient of usual severity and burden.
    slope : ndarray, shape (items,)
        Logits a standard deviation of the effect that the item follows.
    missed, imagined : ndarray, shape (items,)
        Chance that a rater writes no where yes is true, and yes where no is true.
    """

    centre: np.ndarray
    slope: np.ndarray
    missed: np.ndarray
    imagined: np.ndarray

    def written_yes(self, logits: np.ndarray, items: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the chance that yes is written down, from the logits of what is true; items are the last axis."""
        true = expit(logits)
        return true * (1 - self.missed[items]) + (1 - true) * self.imagined[items]


def form_model(mix: Mix, recipe: Recipe) -> FormModel:
    """Tabulate the form for the classes of a recipe."""
    slope = np.array([form_figures.SEVERITY_LOGIT.get(item, 0.0) for item in ITEMS])
    share = np.array([[form_figures.share_of_yes(item, pair) for item in ITEMS] for pair in mix.pairs])
    # so that the share holds for patients of all severities together
    centre = logit(share) * np.sqrt(1 + _LOGIT_TO_PROBIT * slope**2)
    errors = np.array([form_figures.rater_errors(item) for item in ITEMS]) * recipe.rater_noise
    return FormModel(centre, slope, errors[:, 0], errors[:, 1])


def reached_items(region: str) -> np.ndarray:
    """Return the positions of the items that a spread to a region makes more likely."""
    return np.array([ITEMS.index(item) for item in form_figures.ITEMS_OF_REGION.get(region, ())], dtype=int)


def implied(answers: np.ndarray) -> np.ndarray:
    """Whether an item's yes follows from a kind of it that was written down, shape (visits, items)."""
    found = np.zeros(answers.shape, dtype=bool)
    for item, kinds in KINDS.items():
        found[:, ITEMS.index(item)] = (answers[:, [ITEMS.index(kind) for kind in kinds]] == 1).any(axis=1)
    return found


def draw_answers(
    model: FormModel,
    logits: np.ndarray,
    empty: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Fill in the form.

    Parameters
    ----------
    model : FormModel
    logits : ndarray, shape (visits, items)
        Of what is true at each visit.
    empty : ndarray of bool, shape (visits, items)
        Items that are left empty.
    uniform : ndarray, shape (visits, items)

    Returns
    -------
    ndarray, shape (visits, items)
        1, 0, or NaN where the item was left empty.
    """
    answers = np.where(empty, np.nan, uniform < model.written_yes(logits))
    for number in ORDER:
        kinds = KINDS.get(ITEMS[number])
        if kinds:
            known = (answers[:, [ITEMS.index(kind) for kind in kinds]] == 1).any(axis=1)
            answers[:, number] = np.where(known & ~empty[:, number], 1.0, answers[:, number])
    return answers
