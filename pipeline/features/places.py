"""Where and when a column of a recording comes from: site groups, task classes, summaries of windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.errors import UsageError, did_you_mean
from pipeline.vocabulary import BODY_SITES

SITE_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "head": ("head",),
        "trunk": ("trunk", "lower_back"),
        "wrist_worse": ("wrist_left", "wrist_right"),
        "ankle_worse": ("ankle_left", "ankle_right"),
    }
)
"""Site group of a column to the body sites that it may come from; the recording that moves most speaks for them."""

TASK_CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rest": ("rest",),
        "posture": ("posture",),
        "trick": ("trick",),
        "action": ("action", "writing", "spiral"),
        "repeated": ("tapping", "pronation_supination", "leg_agility"),
        "gait": ("gait",),
        "free": ("free",),
    }
)
"""Task class of a column to the tasks that belong to it."""

QUANTILES: Mapping[str, float] = MappingProxyType({"p10": 0.1, "median": 0.5, "p90": 0.9})
"""Summary of a recording's windows to the quantile that it is."""

STRONG = "strong"
"""Summary that asks the windows in which the thing is strongest: their median, weighted by power.

A tremor that comes and goes, or a movement that dwindles, has its frequency while it is there.
"""

WHOLE = "whole"
"""Stands for the summary in a column of a recording feature, which has one value for the whole recording."""


@dataclass(frozen=True)
class Place:
    """Site group, task class and summary that one column of a feature comes from."""

    site: str
    task: str
    summary: str

    def column(self, name: str) -> str:
        """Return the column's name for a feature of this name.

        Examples
        --------
        >>> Place("wrist_worse", "posture", "median").column("tremor_peak_hz")
        'wrist_worse__posture__median__tremor_peak_hz'
        """
        return f"{self.site}__{self.task}__{self.summary}__{name}"


def on(sites: Iterable[str], tasks: Iterable[str], *summaries: str) -> tuple[Place, ...]:
    """Return every combination of site groups, task classes and summaries, in this order.

    Raises
    ------
    UsageError
        If a word is unknown; the message names the nearest known one.

    Examples
    --------
    >>> [place.task for place in on(["head"], ["rest", "posture"], "median")]
    ['rest', 'posture']
    """
    tasks, summaries = tuple(tasks), summaries or (WHOLE,)
    places = tuple(Place(site, task, summary) for site in sites for task in tasks for summary in summaries)
    for place in places:
        _known("site group", place.site, SITE_GROUPS)
        _known("task class", place.task, TASK_CLASSES)
        _known("summary", place.summary, (*QUANTILES, STRONG, WHOLE))
    return places


def sites_of(site: str) -> tuple[str, ...]:
    """Return the body sites of a site group, or of a single body site.

    Examples
    --------
    >>> sites_of("wrist_worse"), sites_of("wrist_left")
    (('wrist_left', 'wrist_right'), ('wrist_left',))
    """
    _known("body site", site, (*SITE_GROUPS, *BODY_SITES))
    return SITE_GROUPS.get(site, (site,))


def _known(what: str, word: str, words: Iterable[str]) -> None:
    known = tuple(words)
    if word not in known:
        raise UsageError("the outputs of a feature", f"unknown {what} '{word}'", do=did_you_mean(word, known))
