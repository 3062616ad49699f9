"""The picture of the flow, in README and on the first page of the documentation: ``python -m tools.flow_picture``.

Two rows, training and prediction, with the same steps one above the other, since they are the same code.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parents[1] / "docs" / "flow.svg"
TITLE = "The flow from files to predictions"
TEXT = (
    "Training goes from files through reading, cohort, features and learners to calibrated answers, a model and its "
    "report. Prediction takes other files through the same reading, cohort and features, and the model, to "
    "predictions, rejects and notes."
)
_WIDE, _HIGH, _GAP, _EDGE = 124, 54, 26, 16
_ROWS = (24, 132)
_STYLE = """
    text { font: 14px system-ui, "DejaVu Sans", sans-serif; fill: #1d2733; text-anchor: middle; }
    .soft { font-size: 11.5px; fill: #55606b; }
    .box { fill: #f4f6f8; stroke: #8a939c; } .same { fill: #e3eef9; stroke: #1f5a94; }
    .model { fill: #1f5a94; stroke: #1f5a94; } .paper { fill: #ffffff; }
    .on { fill: #ffffff; } .on.soft { fill: #dbe7f3; } .way { stroke: #55606b; fill: none; } .tip { fill: #55606b; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e4e8ec; } .soft { fill: #a9b3bd; } .box { fill: #1c232b; } .same { fill: #16324d; stroke: #7db4ea; }
      .paper { fill: #14191f; } .way { stroke: #a9b3bd; } .tip { fill: #a9b3bd; }
    }
"""

_TRAINING = (
    ("box", "files", "records, recordings"),
    ("same", "reading", "units, clocks, codes"),
    ("same", "cohort", "patients whole"),
    ("same", "features", "each declared once"),
    ("box", "learners", "nested validation"),
    ("box", "calibration, sets", "hold as promised"),
    ("model", "model", "and its report"),
)
_PREDICTION = (
    ("box", "other files", "larger than memory"),
    ("same", "reading", "the same"),
    ("same", "cohort", "the same"),
    ("same", "features", "the same, checked"),
    ("box", "predictions", "rejects, notes"),
)
_PLACES = (0, 1, 2, 3, 6)
"""Columns of the boxes of a prediction; the last stands below the model."""


def _left(column: int) -> int:
    return _EDGE + column * (_WIDE + _GAP)


def _box(column: int, top: int, kind: str, name: str, below: str) -> str:
    left, on = _left(column), " on" if kind == "model" else ""
    middle = left + _WIDE / 2
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{_WIDE}" height="{_HIGH}" rx="8"/>'
        f'<text class="name{on}" x="{middle}" y="{top + 24}">{escape(name)}</text>'
        f'<text class="soft{on}" x="{middle}" y="{top + 42}">{escape(below)}</text>'
    )


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<path class="way" d="M{x} {y} L{to_x} {to_y}" marker-end="url(#tip)"/>'


def picture() -> str:
    """Return the picture as SVG, which turns dark where the reader has it dark."""
    top, bottom = _ROWS
    middle = _HIGH / 2
    parts = [_box(column, top, *box) for column, box in enumerate(_TRAINING)]
    parts += [_box(column, bottom, *box) for column, box in zip(_PLACES, _PREDICTION, strict=True)]
    steps = [(row, column, column + 1) for row, last in ((top, 6), (bottom, 3)) for column in range(last)]
    for row, start, end in [*steps, (bottom, 3, 6)]:
        parts.append(_arrow(_left(start) + _WIDE, row + middle, _left(end) - 4, row + middle))
    parts.append(_arrow(_left(6) + _WIDE / 2, top + _HIGH, _left(6) + _WIDE / 2, bottom - 4))
    width, height = _left(6) + _WIDE + _EDGE, bottom + _HIGH + _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<title>{escape(TITLE)}</title><desc>{escape(TEXT)}</desc>\n<style>{_STYLE}</style>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>\n'
        f'<rect class="paper" width="{width}" height="{height}" rx="6"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def main() -> int:
    """Draw it."""
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
