"""A figure as pictures that stand inside a page, for light and for dark."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline.report.drawing import ACCENT, INK

_DARK = {INK: "#e4e8ec", ACCENT: "#7db4ea"}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True)
class Picture:
    """One figure, twice, as data URIs."""

    light: str
    dark: str
    width: int
    height: int


def picture(figure: Figure) -> Picture:
    """Return a figure as SVG; the same numbers give the same bytes.

    Letters are outlines, so that no font is needed; in base64, so that the page holds no address, not even the one
    that names SVG.
    """
    written = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "report", "svg.fonttype": "path"}):
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    light = dark = written.getvalue()
    for ours, other in _DARK.items():
        dark = dark.replace(ours, other)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())  # 96 points of a page are an inch
    return Picture(_data_uri(light), _data_uri(dark), width, height)


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
