"""From the numbers of a report to one page of HTML that asks for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from pipeline.report import words
from pipeline.report.figures import by_horizon, cohort_figures, largest_gap, target_figures
from pipeline.report.names import plain, spoken
from pipeline.report.pictures import picture
from pipeline.tripod import ITEMS


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
            "gap": largest_gap(target),
        }
        for name, target in report["targets"].items()
    ]
    pictures = {kind: picture(figure) for kind, figure in cohort_figures(report).items()}
    return _template().render(report=report, targets=targets, pictures=pictures, words=words, items=ITEMS)


def _beside(own: Mapping[str, Any], comparators: Mapping[str, Any], horizon: str = "") -> dict[str, Any]:
    """Return the scores of this model and of each comparator, as far as both have them, at one horizon of several."""
    theirs = {name: scores.get(horizon, {}) if horizon else scores for name, scores in comparators.items()}
    shared = {key for scores in theirs.values() for key in scores}
    return {"this model": {key: score for key, score in own.items() if key in shared}} | theirs


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
    environment.filters |= {"number": _number, "share": _share, "spoken": spoken}
    environment.globals["beside"] = _beside
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
    return _data(value, str(value) if isinstance(value, int) else f"{value:z.3f}")


def _share(value: float | None) -> Markup | str:
    """Set a share in hundredths, with the full number behind it."""
    return "none" if value is None else _data(value, f"{100.0 * value:z.0f}\N{NO-BREAK SPACE}%")


def _data(value: float, shown: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(repr(value), shown)
