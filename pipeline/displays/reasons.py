"""A display of what a model goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from matplotlib.axes import Axes

from pipeline.displays.checked import named, of_target
from pipeline.displays.display import Display
from pipeline.report import drawing


@dataclass
class ReasonsDisplay(Display):
    """What a model goes by: how far each part of the record moves the log-odds, on average.

    Parameters
    ----------
    parts : mapping
        Name to mean change of the log-odds.
    title : str
    """

    parts: Mapping[str, float]
    title: str = ""

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, of: str, ax: Axes | None = None) -> Self:
        """Draw the reasons of a label column, or of a horizon, of ``report.json``."""
        return cls(named(of_target(report, target, "reasons"), of, "reasons")["parts"], of).plot(ax)

    def _height(self) -> float:
        return drawing.height_of_rows(len(self.parts))

    def _draw(self, ax: Axes) -> None:
        drawing.bars(ax, self.parts, "change of the log-odds", title=self.title)
