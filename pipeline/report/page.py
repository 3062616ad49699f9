"""From the numbers of a report to one page of HTML that asks for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from pipeline.report import words
from pipeline.report.figures import by_horizon, target_figures
from pipeline.report.names import plain
from pipeline.report.pictures import picture


def html_page(report: Mapping[str, Any]) -> str:
    """Set a report as a page.

    Parameters
    ----------
    report : mapping
        As in ``report.json``: what is not in it is not on the page.

    Returns
    -------
    str
        HTML without scripts, addresses or anything to load; names are escaped, and cleaned of signs that are not seen.
    """
    targets = [
        {
            "name": name,
            "found": target,
            "scores": {key: score for key, score in target["scores"].items() if key in words.SCORES},
            "horizons": by_horizon(target),
            "pictures": {kind: picture(figure) for kind, figure in target_figures(target).items()},
        }
        for name, target in report["targets"].items()
    ]
    return _template().render(report=report, targets=targets, words=words)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    return environment.get_template("page.html.j2")


def _cleaned(value: Any) -> Any:
    """Clean every text that is put on the page; what the template itself made is left."""
    return value if isinstance(value, Markup) else plain(value)


def _number(value: float | str | None) -> Markup | str:
    """Set a number short, with the full one behind it; what is not a number (a suppressed count) as it is."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    shown = str(value) if isinstance(value, int) else f"{value:.3f}"
    return Markup('<data value="{}">{}</data>').format(repr(value), shown)
