"""What the examination found, as HPO terms, observed or excluded.

The terms never contradict the form: a term is observed only with all that it is a kind of, and excluded only if no kind
of it is there.
"""

from __future__ import annotations

import numpy as np

from pipeline.ontology import load_ontology
from pipeline.synthetic.classes import Pair
from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.epidemiology import value, values
from pipeline.synthetic.form import CODE, ITEMS
from pipeline.synthetic.person import HISTORY, People
from pipeline.synthetic.streams import Streams
from pipeline.vocabulary import REGIONS

_SIDES = ("left", "right")
_ARM = tuple(f"{part}_{side}" for part in ("shoulder", "upper_arm", "forearm", "hand") for side in _SIDES)
_LEG = tuple(f"{part}_{side}" for part in ("upper_leg", "lower_leg") for side in _SIDES)

REGION_SIGNS: dict[str, tuple[str, ...]] = {
    "HP:0001332": REGIONS,  # dystonia
    "HP:0000643": ("upper_face",),  # blepharospasm
    "HP:0012048": ("lower_face", "jaw", "tongue"),  # oromandibular dystonia
    "HP:0000473": ("neck",),  # torticollis
    "HP:0012049": ("larynx",),  # laryngeal dystonia
    "HP:0031960": _ARM,  # arm dystonia
    "HP:0031959": _LEG,  # leg dystonia
    "HP:0002530": ("trunk", "pelvis"),  # axial dystonia
}
"""Terms that follow from the regions."""

_OTHER_TERMS = (
    "HP:0002174",  # postural tremor
    "HP:0002063",  # rigidity
    "HP:0001257",  # spasticity
    "HP:0001347",  # hyperreflexia
    "HP:0002305",  # athetosis
    "HP:0002307",  # drooling
    "HP:0200032",  # Kayser-Fleischer ring
)
OTHER_SIGNS: dict[str, dict[str, float]] = {term: values(f"sign.{term}") for term in _OTHER_TERMS}
"""Share of patients with a sign, by phenotype or cause, and of anyone else."""

_OBSERVED_NOTED, _EXCLUDED_NOTED = value("noted.observed"), value("noted.excluded")
"""Share of signs that are written down where they are found, and where they are not."""

NOT_DONE = value("noted.not_done")
"""Share of visits at which no examination was coded, or a scale not filled in."""


def draw_findings(people: People, visits: Visits, signs: dict[str, np.ndarray], streams: Streams) -> np.ndarray:
    """Return the cell of findings of each visit, as text; nothing in it contradicts what the form says.

    Parameters
    ----------
    people : People
    visits : Visits
    signs : dict of str to ndarray
        As `draw_signs` returns them.
    streams : Streams
    """
    terms = tuple(signs)
    uniform = visit_uniform(visits, streams, "findings", 1 + len(terms))
    done, noted = uniform[:, 0] >= NOT_DONE, uniform[:, 1:]
    answers = _answers(people, visits)
    # an item that was left empty speaks neither for nor against
    not_denied = {term: answer != 0 for term, answer in answers.items()} | signs
    affirmed = {term: answer == 1 for term, answer in answers.items()} | signs
    above = {term: load_ontology().ancestors([term]) - {term} for term in not_denied}
    cells = np.full(len(visits), "", dtype=object)
    for number, term in enumerate(terms):
        supported = np.logical_and.reduce([signs[term], *(not_denied[each] for each in above[term] if each in above)])
        ruled_out = ~np.logical_or.reduce([signs[term], *(affirmed[each] for each in above if term in above[each])])
        observed = done & supported & (noted[:, number] < _OBSERVED_NOTED)
        excluded = done & ruled_out & (noted[:, number] < _EXCLUDED_NOTED)
        cells[observed] += f"{term}|"
        cells[excluded] += f"!{term}|"
    return np.array([cell.rstrip("|") for cell in cells], dtype=object)


def _answers(people: People, visits: Visits) -> dict[str, np.ndarray]:
    """Return what the form says of each term that it asks for: 1, 0, or NaN."""
    found = {CODE[item]: visits.answers[:, number] for number, item in enumerate(ITEMS) if item in CODE}
    for number, name in enumerate(HISTORY):
        if name in CODE:
            answer = np.where(people.asked[:, number], people.history[name], np.nan)
            found[CODE[name]] = answer[visits.patient]
    return found


def draw_signs(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> dict[str, np.ndarray]:
    """Return whether each sign is there at each visit, written down or not."""
    uniform = visit_uniform(visits, streams, "signs", len(OTHER_SIGNS))
    there = {
        term: np.asarray(held[:, [REGIONS.index(region) for region in regions]].any(axis=1))
        for term, regions in REGION_SIGNS.items()
    }
    for number, (term, shares) in enumerate(OTHER_SIGNS.items()):
        share = people.mix.figure(lambda pair, shares=shares: _share(shares, pair))[people.pair]
        there[term] = uniform[:, number] < share[visits.patient]
    return there


def _share(shares: dict[str, float], pair: Pair) -> float:
    phenotype, aetiology = pair
    return shares.get(aetiology, shares.get(phenotype, shares["anyone"]))
