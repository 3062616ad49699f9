"""What is measured for each verified figure, and in whom: ``plan.toml``, read and checked against the figures."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from pipeline.config import load_recipe
from pipeline.errors import UsageError, did_you_mean
from pipeline.synthetic.classes import mix_of
from pipeline.synthetic.epidemiology import Epidemiology

PLAN = Path(__file__).with_name("plan.toml")
STATISTICS = (
    "share",
    "mean",
    "median",
    "quantile",
    "odds",
    "hazard_ratio",
    "change",
    "improvement",
    "nadir",
    "plateau",
    "correlation",
)


@dataclass(frozen=True)
class Population:
    """Patterns of classes, narrowed by a condition on the columns of a patient."""

    classes: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True)
class Measurement:
    """One statistic of an expression, or of two, over the patients of a population.

    Attributes
    ----------
    population : str
    statistic : str
        One of `STATISTICS`.
    of : tuple of str
        Expressions over a patient's columns.
    where : str
        Narrows the population further.
    years : float
        When survival is compared, for a hazard ratio.
    at : float
        Which quantile.
    """

    population: str
    statistic: str
    of: tuple[str, ...]
    where: str = ""
    years: float = 5.0
    at: float = 0.5


@dataclass(frozen=True)
class Sign:
    """A difference that must be positive: left less right, or the left alone."""

    claim: str
    left: Measurement
    right: Measurement | None = None


@dataclass(frozen=True)
class Curve:
    """A published curve of spread and the patients whom it is about."""

    figures: str
    population: Annotated[str, Field(alias="in")]
    where: str = ""
    observed: bool = True
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Plan:
    """All that is measured.

    Attributes
    ----------
    clinic : dict of str to float
        Share of each class, ``phenotype/aetiology``, in a clinic.
    """

    clinic: dict[str, float]
    populations: dict[str, Population]
    measured: dict[str, Measurement]
    not_applicable: dict[str, str]
    signs: tuple[Sign, ...] = ()
    curves: tuple[Curve, ...] = field(default=())

    @property
    def pairs(self) -> list[str]:
        """Every class of every population, sorted."""
        return sorted({pair for name in self.populations for pair in self.weights(name)})

    def weights(self, population: str) -> dict[str, float]:
        """Return the classes of a population with their shares in a clinic."""
        patterns = self.populations[population].classes
        return {
            pair: share
            for pair, share in self.clinic.items()
            if any(fnmatchcase(pair, pattern) for pattern in patterns)
        }

    def pattern(self, name: str) -> str:
        """Under which name or pattern a figure is listed as not applicable; empty if it applies."""
        return next((pattern for pattern in self.not_applicable if fnmatchcase(name, pattern)), "")

    def reason(self, name: str) -> str:
        """Why a figure does not apply; empty if it does."""
        return self.not_applicable.get(self.pattern(name), "")


def load_plan(epidemiology: Epidemiology) -> Plan:
    """Read the plan and check it against the figures.

    Raises
    ------
    UsageError
        If a verified figure is neither measured nor listed as not applicable, or both, or a name leads nowhere.
    """
    content = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    populations = TypeAdapter(dict[str, Population]).validate_python(content["populations"])
    mix = mix_of(load_recipe("clinic"))
    plan = Plan(
        clinic=dict(zip(("/".join(pair) for pair in mix.pairs), mix.shares.tolist(), strict=True)),
        populations=populations,
        measured={name: _measurement(name, row, populations) for name, row in content["measured"].items()},
        not_applicable=TypeAdapter(dict[str, str]).validate_python(content["not_applicable"]),
        signs=tuple(_sign(row, populations) for row in content.get("signs", [])),
        curves=TypeAdapter(tuple[Curve, ...]).validate_python(content.get("curves", [])),
    )
    _check(plan, epidemiology)
    return plan


def _measurement(name: str, row: dict[str, Any], populations: dict[str, Population]) -> Measurement:
    row = dict(row)
    where = f"{PLAN.name}, '{name}'"
    if row.get("in") not in populations:
        raise UsageError(
            where, f"unknown population '{row.get('in')}'", do=did_you_mean(str(row.get("in")), populations)
        )
    asked = [statistic for statistic in STATISTICS if statistic in row]
    unknown = set(row) - {"in", "where", "years", "at", *STATISTICS}
    if len(asked) != 1 or unknown:
        raise UsageError(
            where, f"keys {sorted(row)}", needed="a measurement has one statistic, and in, where, years, at"
        )
    of = row.pop(asked[0])
    return Measurement(
        row.pop("in"), asked[0], tuple(of) if isinstance(of, list) else (of,), **{key: row[key] for key in row}
    )


def _sign(row: dict[str, Any], populations: dict[str, Population]) -> Sign:
    right = _measurement(row["claim"], row["right"], populations) if "right" in row else None
    return Sign(row["claim"], _measurement(row["claim"], row["left"], populations), right)


def _check(plan: Plan, epidemiology: Epidemiology) -> None:
    for name in plan.measured:
        epidemiology.figure(name)
        if plan.reason(name):
            raise UsageError(f"{PLAN.name}, '{name}'", "measured and not applicable", do="Keep one of the two")
    for name, population in plan.populations.items():
        for pattern in population.classes:
            if not any(fnmatchcase(pair, pattern) for pair in plan.clinic):
                raise UsageError(f"{PLAN.name}, population '{name}'", f"no class of a clinic is '{pattern}'")
    for pattern in plan.not_applicable:
        if not any(fnmatchcase(name, pattern) for name in epidemiology.figures):
            raise UsageError(f"{PLAN.name}, not_applicable '{pattern}'", "no figure of this name", do="Take it out")
    for curve in plan.curves:
        epidemiology.figure(f"{curve.figures}.rate_per_y")
        if curve.population not in plan.populations:
            raise UsageError(f"{PLAN.name}, curve {curve.figures}", f"unknown population '{curve.population}'")
    left = [
        name
        for name, figure in epidemiology.figures.items()
        if figure.status == "verified" and name not in plan.measured and not plan.reason(name)
    ]
    if left:
        raise UsageError(
            PLAN.name,
            f"{len(left)} verified figures are neither measured nor listed as not applicable: {', '.join(left)}",
            do="Say how each is measured, or why it cannot be",
        )
