"""How much treatment helps: toxin by its kinetics, drugs and operations by whether they help a patient at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.synthetic.course import Visits
from pipeline.synthetic.epidemiology import load_epidemiology, value
from pipeline.synthetic.figures import PARTIAL_AMONG_RESPONDERS
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams
from pipeline.vocabulary import TREATMENT_KINDS

_TOXIN = "botulinum_toxin"
_OTHERS = tuple(kind for kind in TREATMENT_KINDS if kind not in (_TOXIN, "placebo"))
_ADULT_Y = 18.0

_RISE_WEEKS = value("effect.toxin_rises_weeks")
_PLATEAU, _GONE = value("effect.toxin_fades_from"), value("effect.toxin_gone_at")

EASES = np.array([0.0, value("effect.toxin_partial"), value("effect.toxin_marked")])
"""How much toxin takes from the severity at each level of response."""

_PERCENT = 100.0


def draw_responses(people: People, streams: Streams) -> dict[str, np.ndarray]:
    """Draw how well each kind of treatment would work in each patient.

    Toxin follows the hidden response of the patient; every other kind is a matter of its own.

    Returns
    -------
    dict of str to ndarray
        Levels 0, 1 and 2: none, partial, marked.
    """
    uniform = streams.uniform("responses", len(_OTHERS))
    levels = {_TOXIN: people.response}
    for number, kind in enumerate(_OTHERS):
        none = 1 - _responders(kind, people)
        partial = none + (1 - none) * PARTIAL_AMONG_RESPONDERS
        levels[kind] = (uniform[:, number] >= none).astype(int) + (uniform[:, number] >= partial)
    return levels


def _responders(kind: str, people: People) -> np.ndarray:
    """Share of the patients like each one whom a kind of treatment helps."""
    if kind != "anticholinergic":
        return np.full(len(people), value(f"response.{kind}"))
    figures = load_epidemiology()
    grown = people.enrolment_y >= _ADULT_Y
    by_age = np.where(grown, value("treatment.anticholinergic_adults"), value("treatment.anticholinergic_children"))
    own = [figures.of_class("anticholinergic_response", pair) for pair in people.mix.pairs]
    by_class = np.array([figure.value if figure else np.nan for figure in own])[people.pair]
    return np.where(np.isnan(by_class), by_age, by_class)


def relief(table: pd.DataFrame, responses: dict[str, np.ndarray], people: People, visits: Visits) -> np.ndarray:
    """Return the share of severity that treatment takes away on the day of each visit.

    Parameters
    ----------
    table : DataFrame
        As in `treatments.Given`.
    responses : dict of str to ndarray
        As `draw_responses` returns them.
    people : People
    visits : Visits

    Returns
    -------
    ndarray, shape (visits,)
    """
    left = 1 - _of_toxin(table, people, visits)
    for kind in _OTHERS:
        first = np.full(len(people), np.inf)
        rows = table[table["kind"] == kind]
        np.minimum.at(first, rows["patient"].to_numpy(int), rows["week"].to_numpy(float))
        helps = (first[visits.patient] < visits.week) & (responses[kind][visits.patient] > 0)
        left *= np.where(helps, 1 - _effect(kind, people)[visits.patient], 1.0)
    return 1 - left


def _of_toxin(table: pd.DataFrame, people: People, visits: Visits) -> np.ndarray:
    last = int(visits.week.max(initial=0)) + 1
    toxin = table[table["kind"] == _TOXIN]
    patient, week = toxin["patient"].to_numpy(int), toxin["week"].to_numpy(int)
    # an injection on the day of the visit is given after it
    before = np.searchsorted(patient * last + week, visits.patient * last + visits.week, side="left") - 1
    found = np.flatnonzero(before >= 0)
    found = found[patient[before[found]] == visits.patient[found]]
    acts = acting(visits.week[found] - week[before[found]], toxin["acts_weeks"].to_numpy(float)[before[found]])
    eased = np.zeros(len(visits))
    eased[found] = EASES[people.response[visits.patient[found]]] * acts
    return eased


def acting(weeks: np.ndarray, lasts: np.ndarray) -> np.ndarray:
    """Return the share of its full effect that toxin has after some weeks.

    Examples
    --------
    >>> acting(np.array([0.0, 2.0, 7.0, 20.0]), np.array([12.5] * 4)).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    rises = weeks / _RISE_WEEKS
    fades = (_GONE * lasts - weeks) / ((_GONE - _PLATEAU) * lasts)
    return np.clip(np.minimum(rises, fades), 0.0, 1.0)


def _effect(kind: str, people: People) -> np.ndarray:
    """Share of the severity that a treatment takes away from each patient whom it helps."""
    if kind == "dbs":
        acquired, isolated = value("treatment.dbs_acquired_motor"), value("treatment.dbs_isolated_motor")
        mean = people.mix.figure(lambda pair: acquired if pair[1].startswith("acquired") else isolated)[people.pair]
        return mean / value("response.dbs")
    if kind == "denervation":
        mean = -value("treatment.selective_denervation_twstrs_change_pct") / _PERCENT
        return np.full(len(people), mean / value("response.denervation"))
    return np.full(len(people), value(f"effect.{kind}"))
