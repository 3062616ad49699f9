"""What the form says at each visit.

Given a patient's class, severity and regions, all answers are independent, of each other and between visits. One
exception: an answer that the ontology implies (a head tremor is a tremor) follows from the others. Any item may be left
empty, at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from pipeline.ontology import load_ontology
from pipeline.schema import VISITS
from pipeline.schema.symptoms import EARLY_SIGNS, SYMPTOMS
from pipeline.synthetic import form_figures
from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.person import HISTORY, People
from pipeline.synthetic.regions import RegionSets
from pipeline.synthetic.streams import Streams
from pipeline.vocabulary import REGIONS

ITEMS = tuple(column.name for column in (*EARLY_SIGNS, *SYMPTOMS))
"""Items that are answered anew at each visit."""

ASKED = (*HISTORY, *ITEMS)

CODE = {column.name: column.code for column in VISITS if column.name in ASKED and column.code}
"""HPO term of each item that has one."""

_LOGIT_TO_PROBIT = 0.346
"""(16 sqrt(3) / 15 pi)^2: a logistic curve as a normal one (Zeger et al. 1988)."""


@dataclass(frozen=True)
class Form:
    """Answers by item, one element a visit.

    Attributes
    ----------
    holds : dict of str to ndarray of bool
        Whether the patient has what the item asks for.
    recorded : dict of str to ndarray of float
        1, 0, or NaN where the item was left empty.
    """

    holds: dict[str, np.ndarray]
    recorded: dict[str, np.ndarray]


def draw_form(
    people: People, visits: Visits, regions: RegionSets, spread: np.ndarray, *, missing: float, streams: Streams
) -> Form:
    """Fill in the form of every visit."""
    uniform = visit_uniform(visits, streams, "form", len(ITEMS))
    chances = _chances(people, visits, regions, spread)
    holds = {name: people.history[name][visits.patient] for name in HISTORY}
    holds |= {name: uniform[:, number] < chances[:, number] for number, name in enumerate(ITEMS)}
    holds = _implied(holds)
    empty = visit_uniform(visits, streams, "left empty", len(ASKED)) < missing
    recorded = {name: np.where(empty[:, number], np.nan, holds[name]) for number, name in enumerate(ASKED)}
    return Form(holds, recorded)


def _chances(people: People, visits: Visits, regions: RegionSets, spread: np.ndarray) -> np.ndarray:
    """Probability of each item's yes at each visit, shape (visits, `ITEMS`)."""
    slope = np.array([form_figures.SEVERITY_LOGIT.get(item, 0.0) for item in ITEMS])
    share = np.array([[form_figures.share_of_yes(item, pair) for item in ITEMS] for pair in people.mix.pairs])
    # so that the share holds for patients of all severities together
    centre = logit(share) * np.sqrt(1 + _LOGIT_TO_PROBIT * slope**2)
    logits = centre[people.pair] + slope * people.severity[:, None]
    return expit(logits[visits.patient] + form_figures.SPREAD_LOGIT * _items_reached(visits, regions, spread))


def _items_reached(visits: Visits, regions: RegionSets, spread: np.ndarray) -> np.ndarray:
    """Whether the spread has reached a region that the item is about, shape (visits, `ITEMS`)."""
    reached = regions.reached[visits.patient] & spread[:, None]
    items = np.zeros((len(visits), len(ITEMS)), dtype=bool)
    for number, region in enumerate(REGIONS):
        for item in form_figures.ITEMS_OF_REGION.get(region, ()):
            items[:, ITEMS.index(item)] |= reached[:, number]
    return items


def _implied(holds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add what the ontology implies, so that no two answers contradict each other."""
    above = load_ontology().ancestors
    closed = dict(holds)
    for name, code in CODE.items():
        for other, other_code in CODE.items():
            if other != name and other_code in above([code]):
                closed[other] = closed[other] | holds[name]
    return closed
