"""What people call the columns of the feature table, and how a value in them is said.

A feature declares its words where it is declared (`spec.Declaration`); here they are put together. Columns that a
clinician would name as one thing are one *part*: a question of the form with all its answers, or all that a sensor says
of one body site in one class of tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType

from pipeline.features.places import STRONG, WHOLE, Place
from pipeline.features.spec import Feature, FeatureSpec
from pipeline.units import Unit

EASED = ((0.0, "not"), (0.5, "partly"), (1.0, "markedly"))
"""Words for how much something eases the movement."""

_NO_YES = ((0.0, "no"), (1.0, "yes"))
_SUMMARIES: Mapping[str, str] = MappingProxyType(
    {"p10": "lowest tenth", "median": "median", "p90": "highest tenth", STRONG: "where strongest", WHOLE: ""}
)
_SITES: Mapping[str, str] = MappingProxyType(
    {"wrist": "both wrists", "wrist_worse": "the worse wrist", "ankle_worse": "the worse ankle"}
)
_TASKS: Mapping[str, str] = MappingProxyType({"free": "doing as they like", "trick": "sensory trick"})


@dataclass(frozen=True)
class Said:
    """The words of one column.

    Attributes
    ----------
    part : str
        What a clinician would name.
    title : str
        The column within its part, where that holds measurements of several kinds; else empty.
    unit : Unit
    answer : str
        What the value 1 stands for, where the part is a question and each of its columns an answer.
    levels : tuple of (float, str)
        Words for the values, where it is a state.
    """

    part: str
    title: str
    unit: Unit
    answer: str = ""
    levels: tuple[tuple[float, str], ...] = ()

    def value(self, value: float) -> str:
        """Say a value, with its unit.

        Examples
        --------
        >>> Said("Age", "", Unit.YEARS).value(52.0), Said("Tremor", "", Unit.STATE, levels=((1.0, "yes"),)).value(1.0)
        ('52 years', 'yes')
        """
        for level, word in self.levels:
            if abs(value - level) < 1e-9:
                return word
        if self.unit == Unit.SHARE:
            return f"{100.0 * value:.0f} %"
        number = f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"
        return f"{number} {self.unit.words}".strip()


def said_of(features: Iterable[Feature]) -> dict[str, Said]:
    """Return the words of every column of some features, by its name.

    Examples
    --------
    >>> from pipeline.features.catalogue import CATALOGUE
    >>> said = said_of(CATALOGUE)
    >>> said["course_step_state"].part, said["course_step_state"].answer
    ('Course', 'step')
    >>> said["wrist_worse__posture__strong__tremor_peak_hz"].part
    'Recording of the worse wrist, posture'
    """
    return {name: words for feature in features for name, words in _words(feature.spec)}


def parts_of(names: Sequence[str], said: Mapping[str, Said]) -> dict[str, list[int]]:
    """Return the parts of a table with these columns, in their order, each with the positions of its columns.

    Examples
    --------
    >>> words = {"age_y": Said("Age", "", Unit.YEARS), "old_state": Said("Age", "", Unit.STATE, "old")}
    >>> parts_of(["age_y", "old_state"], words)
    {'Age': [0, 1]}
    """
    parts: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        parts.setdefault(said[name].part, []).append(at)
    return parts


def called(title: str) -> str:
    """Return the name of an instrument without what follows a comma, a colon or the end of the sentence.

    Examples
    --------
    >>> called("Global Dystonia Rating Scale, 14 areas of 0-10")
    'Global Dystonia Rating Scale'
    """
    return re.split(r"[,:;.](?:\s|$)", title, maxsplit=1)[0]


def _words(spec: FeatureSpec) -> list[tuple[str, Said]]:
    """Return each column of a feature with its words."""
    count = len(spec.columns)
    own = [called(spec.meaning)] if count == 1 or spec.level != "record" else [_spoken(name) for name in spec.columns]
    titles = tuple(spec.titles) or tuple(own)
    titles = titles * count if len(titles) == 1 else titles
    answers = tuple(spec.answers) or ("",) * count
    is_state = spec.unit == Unit.STATE and spec.bounds == (0.0, 1.0)
    levels = tuple(spec.levels) or (_NO_YES if is_state else ())
    if spec.level == "record":
        return [
            (name, Said(title, "", spec.unit, answer, levels))
            for name, title, answer in zip(spec.columns, titles, answers, strict=True)
        ]
    return [
        (output.column(spec.name) if isinstance(output, Place) else output, _of_recording(output, title, spec, levels))
        for output, title in zip(spec.outputs, titles, strict=True)
    ]


def _of_recording(output: Place | str, title: str, spec: FeatureSpec, levels: tuple[tuple[float, str], ...]) -> Said:
    """Return the words of a column that comes from recordings; one of a contrast names both of its tasks."""
    if isinstance(output, Place):
        site, task, summary = output.site, output.task, _SUMMARIES[output.summary]
    else:
        site, task, summary = *[*output.split("__"), ""][:2], ""
    where = _SITES.get(site, f"the {site.replace('_', ' ')}")
    tasks = " against ".join(_TASKS.get(each, each.replace("_", " ")) for each in task.split("_over_"))
    part = f"Recording of {where}, {tasks}" if task else "Recordings"
    kind = title[:1].lower() + title[1:]
    return Said(part, f"{kind}, {summary}" if summary else kind, spec.unit, levels=levels)


def _spoken(name: str) -> str:
    words = reduce(str.removesuffix, (f"_{unit}" for unit in Unit if unit), name).replace("_", " ")
    return words[:1].upper() + words[1:]
