"""What recording and visit features may see: values of the window features that they declare to need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pipeline.errors import UsageError, did_you_mean
from pipeline.features.spec import spec_of

WindowFeature = Callable[..., Any]


@dataclass(frozen=True)
class RecordingView:
    """One recording's windows, in order of time.

    Attributes
    ----------
    start_s : ndarray, shape (w,)
        Seconds from the recording's start to that of each usable window.
    duration_s : float
    usable_share : float
        Share of windows without gap, missing sample or flat line; NaN if it is shorter than one window.
    """

    start_s: np.ndarray
    duration_s: float
    usable_share: float
    _values: Mapping[str, np.ndarray]

    def of(self, feature: WindowFeature) -> np.ndarray:
        """Return a needed feature's value in each window, shape (w,).

        Raises
        ------
        UsageError
            If the feature is not among the `needs` that were declared.
        """
        return _needed(self._values, feature)


class _Source(Protocol):
    """Where a `VisitsView` gets its values."""

    def at(self, name: str, site: str, task: str, summary: str) -> np.ndarray: ...


@dataclass(frozen=True)
class VisitsView:
    """All visits' recordings, by body site and task.

    Every value is NaN where the visit has no such recording.
    """

    _source: _Source
    _needs: frozenset[str]

    def of(self, feature: WindowFeature, site: str, task: str, summary: str = "median") -> np.ndarray:
        """Return a needed feature's summary over one recording of each visit, shape (visits,).

        Parameters
        ----------
        feature : WindowFeature
        site : str
            A site group (``wrist_worse``) or a body site (``wrist_left``).
        task : str
            A task class.
        summary : str
            ``median``, ``p10`` or ``p90``.

        Raises
        ------
        UsageError
            If the feature is not among the `needs` that were declared.
        """
        name = _needed(dict.fromkeys(self._needs, spec_of(feature).name), feature)
        return self._source.at(name, site, task, summary)


def _needed(values: Mapping[str, Any], feature: WindowFeature) -> Any:
    name = spec_of(feature).name
    if name not in values:
        raise UsageError(
            f"feature {name}",
            "used without being declared",
            needed="needs=[...] lists it",
            do=did_you_mean(name, values),
        )
    return values[name]
