"""The page that says how near the generated patients come to the published figures: ``docs/fidelity.md``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan

from pipeline.synthetic.epidemiology import STATUSES, Epidemiology, Figure

from .judge import ERRORS, SD_OFF, Judged, JudgedSign
from .plan import Plan
from .spread import HORIZONS_Y, JudgedCurve

_MARK, _END = "<!-- figures by status -->", "<!-- end -->"


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    figures: list[Judged]
    signs: list[JudgedSign]
    curves: list[JudgedCurve]

    @property
    def failing(self) -> list[str]:
        """What does not hold, in words."""
        figures = [
            f"{each.figure.name}: {each.found.value:.3g} against {each.figure.value:g}, {each.tolerance:.2g} allowed"
            + ("" if each.sd_holds is not False else f"; sd {each.found.sd:.3g} against {each.figure.sd:g}")
            for each in self.figures
            if each.verdict == "fail"
        ]
        figures += [f"sign: {sign.claim}: {sign.difference:.3g}" for sign in self.signs if not sign.holds]
        figures += [f"curve {each.curve.figures}: latent times" for each in self.curves if not each.latent_holds]
        figures += [f"curve {each.curve.figures}: estimated" for each in self.curves if not each.estimate_holds]
        return figures


def page(results: Results, plan: Plan, epidemiology: Epidemiology, *, patients: int, made: str) -> str:
    """Write the page.

    Parameters
    ----------
    results : Results
    plan : Plan
    epidemiology : Epidemiology
    patients : int
        Of each class.
    made : str
        Command, versions and date.
    """
    parts = [
        "# Fidelity",
        f"How near generated patients come to the published figures they were made from. {made}",
        "The figures, with their sources, are in `pipeline/synthetic/epidemiology.toml`; what is measured for each and "
        "in whom, in `benchmarks/fidelity/plan.toml`. Only `verified` figures are tested: those that were read in "
        "their source. Nothing here is evidence about patients.",
        _summary(results, plan, epidemiology),
        _tested(results, patients),
        _conflicts(results, epidemiology),
        _curves(results.curves),
        _signs(results.signs),
        _not_applicable(plan, epidemiology),
        _untested(epidemiology),
    ]
    return "\n\n".join(parts) + "\n"


def status_shares(epidemiology: Epidemiology) -> str:
    """Return the table of how many figures have each status, for this page and the datasheet."""
    counts = Counter(figure.status for figure in epidemiology.figures.values())
    rows = [(status, str(counts[status]), f"{counts[status] / counts.total():.0%}") for status in STATUSES]
    return _table(("status", "figures", "share"), rows)


def with_status_shares(text: str, epidemiology: Epidemiology) -> str:
    """Return the datasheet with its table of statuses made anew, between its two marks.

    Raises
    ------
    ValueError
        If the marks are not there.
    """
    before, mark, rest = text.partition(_MARK)
    _, end, after = rest.partition(_END)
    if not (mark and end):
        raise ValueError(f"the datasheet needs the marks {_MARK} and {_END}")
    return f"{before}{_MARK}\n{status_shares(epidemiology)}\n{_END}{after}"


def _summary(results: Results, plan: Plan, epidemiology: Epidemiology) -> str:
    verified = [figure for figure in epidemiology.figures.values() if figure.status == "verified"]
    verdicts = Counter(each.verdict for each in results.figures if each.figure.status == "verified")
    left_out = sum(bool(plan.reason(figure.name)) for figure in verified)
    text = (
        f"Of {len(verified)} verified figures, {sum(verdicts.values())} are tested: {verdicts['pass']} hold, "
        f"{verdicts['conflict']} lost a conflict, {verdicts['fail']} fail; {left_out} do not apply."
    )
    failing = "\n".join(f"- {line}" for line in results.failing) or "Nothing fails."
    return f"## Summary\n\n{text}\n\n{status_shares(epidemiology)}\n\n### What fails\n\n{failing}"


def _tested(results: Results, patients: int) -> str:
    rule = (
        f"{patients:,} patients of each class, with true labels, an errorless rater and no empty item. A figure holds "
        f"if what is found is no further from it than half its range, or than {ERRORS:g} standard errors where those "
        f"are more. A mean whose standard deviation is verified must have that too, within {SD_OFF:.0%} or {ERRORS:g} "
        "standard errors."
    )
    rows = [
        (
            f"`{each.figure.name}`",
            each.figure.population,
            each.figure.unit.replace("_", " "),
            _number(each.figure.value) + (f" (sd {each.figure.sd:g})" if each.sd_holds is not None else ""),
            _range(each.figure),
            _number(each.found.value) + (f" (sd {each.found.sd:.3g})" if each.sd_holds is not None else ""),
            _number(each.found.error),
            f"{each.found.n:,}",
            each.verdict,
        )
        for each in results.figures
    ]
    head = ("figure", "population", "unit", "published", "range", "found", "standard error", "n", "verdict")
    return f"## Figures\n\n{rule}\n\n{_table(head, rows)}"


def _conflicts(results: Results, epidemiology: Epidemiology) -> str:
    found = {each.figure.name: each for each in results.figures}
    rows = []
    for conflict in epidemiology.conflicts:
        named = [
            f"`{name}` {_number(epidemiology.figure(name).value)}"
            + (f" (found {_number(found[name].found.value)})" if name in found else "")
            for name in conflict.figures
        ]
        readings = [f"{source} {_number(value)}" for source, value in conflict.readings.items()]
        rows.append(("; ".join(named), "; ".join(readings), f"`{conflict.winner}`", conflict.why))
    return (
        "## Conflicts\n\nFigures that cannot all hold, and which one the generator follows. One that lost is not held "
        f"against it.\n\n{_table(('figures', 'readings', 'winner', 'why'), rows)}"
    )


def _curves(curves: Sequence[JudgedCurve]) -> str:
    rows = []
    for each in curves:
        name = f"`{each.curve.figures}`"
        rows.append((name, "published", *map(_number, each.published), "", ""))
        rows.append(
            (
                name,
                f"latent, n = {each.n:,}",
                *_with_errors(each.latent, each.latent_error),
                f"{_most(each.latent - each.published, each.latent_error):.1f}",
                "pass" if each.latent_holds else "fail",
            )
        )
        if each.curve.observed:
            rows.append(
                (
                    name,
                    f"estimated, n = {each.at_risk:,}",
                    *_with_errors(each.estimated, each.estimated_error),
                    f"{_most(each.estimated - each.published, each.estimated_error):.1f}",
                    "pass" if each.estimate_holds else "fail",
                )
            )
    head = ("curve", "what", *(f"{years:g} y" for years in HORIZONS_Y), "largest distance in errors", "verdict")
    return (
        "## Spread\n\nShare of patients whose dystonia has spread beyond its first region, by years since onset, with "
        "standard errors. `latent` are the true times; `estimated` is what the visits show: patients who enrol late "
        "and are then free of spread, and events that lie between two visits. The estimator is a likelihood with "
        f"delayed entry and interval censoring.\n\n{_table(head, rows)}"
    )


def _signs(signs: Sequence[JudgedSign]) -> str:
    rows = [
        (sign.claim, _number(sign.difference), _number(sign.error), "pass" if sign.holds else "fail") for sign in signs
    ]
    return (
        f"## Signs\n\nDirections that must hold, by more than {ERRORS:g} standard errors.\n\n"
        f"{_table(('claim', 'difference', 'standard error', 'verdict'), rows)}"
    )


def _not_applicable(plan: Plan, epidemiology: Epidemiology) -> str:
    rows = []
    for pattern, reason in plan.not_applicable.items():
        names = [
            f"`{name}`"
            for name, figure in epidemiology.figures.items()
            if figure.status == "verified" and plan.pattern(name) == pattern
        ]
        if names:
            rows.append((", ".join(names), reason))
    table = _table(("figures", "reason"), rows)
    return f"## Not applicable\n\nVerified figures that no generated patient can show.\n\n{table}"


def _untested(epidemiology: Epidemiology) -> str:
    parts = [
        "## Not verified\n\nThe generator uses these figures too. Nobody has checked them: they need a clinician's "
        "sign-off before anything is claimed from them."
    ]
    for status in STATUSES[1:]:
        names = [f"`{name}`" for name, figure in epidemiology.figures.items() if figure.status == status]
        parts.append(f"**{status}** ({len(names)}): {', '.join(names)}")
    return "\n\n".join(parts)


def _number(value: float) -> str:
    return "-" if isnan(value) else f"{value:.3g}"


def _range(figure: Figure) -> str:
    return f"{figure.range[0]:g} to {figure.range[1]:g}" if figure.range else "-"


def _with_errors(values: Iterable[float], errors: Iterable[float]) -> list[str]:
    return [f"{value:.3f} ± {error:.3f}" for value, error in zip(values, errors, strict=True)]


def _most(distance: Iterable[float], error: Iterable[float]) -> float:
    return max(abs(off) / of for off, of in zip(distance, error, strict=True))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)
