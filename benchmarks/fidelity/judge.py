"""Found against published: the rule of every row, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.synthetic.epidemiology import Epidemiology, Figure

from .patients import population_table
from .plan import Measurement, Plan, Sign
from .statistics import Found, measure

ERRORS = 3.0
"""Standard errors that a value may be off by; a wider published range allows more."""
SD_OFF = 0.15
"""Share by which a standard deviation may be off: the sources give no range for it."""

Verdict = Literal["pass", "fail", "conflict"]


@dataclass(frozen=True)
class Judged:
    """One figure, what was found for it, and whether it passes.

    Attributes
    ----------
    figure : Figure
    found : Found
        In the unit of the figure.
    tolerance : float
        Distance that is allowed.
    verdict : {"pass", "fail", "conflict"}
        ``conflict`` where the figure is off and another one won over it.
    sd_holds : bool or None
        Whether the standard deviation is right too; None where none is verified.
    """

    figure: Figure
    found: Found
    tolerance: float
    verdict: Verdict
    sd_holds: bool | None = None

    @property
    def distance(self) -> float:
        """Found less published."""
        return self.found.value - self.figure.value


@dataclass(frozen=True)
class JudgedSign:
    """A claimed difference, with its standard error."""

    claim: str
    difference: float
    error: float

    @property
    def holds(self) -> bool:
        """Whether it is positive by more than chance."""
        return self.difference > ERRORS * self.error


def judge_figures(plan: Plan, epidemiology: Epidemiology, tables: dict[str, pd.DataFrame]) -> list[Judged]:
    """Measure every figure of the plan in its own population, in the order of the file."""
    populations = {name: population_table(plan, name, tables) for name in plan.populations}
    names = [name for name in epidemiology.figures if name in plan.measured]
    return [
        _judged(epidemiology, epidemiology.figure(name), measure(populations[asked.population], asked), asked)
        for name, asked in ((name, plan.measured[name]) for name in names)
    ]


def judge_signs(plan: Plan, tables: dict[str, pd.DataFrame]) -> list[JudgedSign]:
    """Measure every difference of the plan."""
    return [_judged_sign(sign, plan, tables) for sign in plan.signs]


def _judged(epidemiology: Epidemiology, figure: Figure, found: Found, asked: Measurement) -> Judged:
    if figure.unit == "percent":
        found = Found(100 * found.value, 100 * found.error, found.n)
    if figure.unit == "sign":
        tolerance = 0.0
        right = np.sign(found.value) == figure.value and abs(found.value) > ERRORS * found.error
    else:
        half = (figure.range[1] - figure.range[0]) / 2 if figure.range else 0.0
        tolerance = max(half, ERRORS * found.error)
        right = abs(found.value - figure.value) <= tolerance
    sd_holds = None
    if asked.statistic == "mean" and figure.sd is not None and figure.sd_status is None:
        # the standard error of a standard deviation of normal values
        sd_holds = bool(abs(found.sd - figure.sd) <= max(SD_OFF * figure.sd, ERRORS * found.sd / np.sqrt(2 * found.n)))
    verdict = "pass" if right and sd_holds is not False else "fail"
    if verdict == "fail" and epidemiology.loses(figure.name):
        verdict = "conflict"
    return Judged(figure, found, tolerance, verdict, sd_holds)


def _judged_sign(sign: Sign, plan: Plan, tables: dict[str, pd.DataFrame]) -> JudgedSign:
    sides = [
        measure(population_table(plan, side.population, tables), side)
        for side in (sign.left, sign.right)
        if side is not None
    ]
    values = [side.value for side in sides]
    return JudgedSign(sign.claim, values[0] - sum(values[1:]), float(np.sqrt(sum(side.error**2 for side in sides))))
