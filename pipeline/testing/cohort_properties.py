"""What must hold of any feature, asked of cohorts: whose a row is, when it was known, and how it was computed."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd

from pipeline.clock import clock_of, treatment_weeks, visit_weeks
from pipeline.features.measure import CHUNK
from pipeline.features.spec import LATER, Feature
from pipeline.records import Cohort
from pipeline.testing.broken import (
    ANYWHERE,
    ROUNDING,
    Watched,
    broken,
    check_bounds,
    check_precision,
    nearly,
    same_bits,
    values_of,
)
from pipeline.testing.changes import Delayed, keeps_what_it_declares
from pipeline.testing.machine import same_on_any_machine
from pipeline.testing.recordings import changed
from pipeline.units import WEEKS_PER_YEAR, Unit

_DATES = ["visit_date", "treatment_date"]
_LARGE = 0.2
"""Share of the examples that are made larger than a chunk, which takes long."""


def check_cohort(feature: Feature, cohort: Cohort, seed: int, only: str = "") -> np.ndarray:
    """Require all that holds of any cohort, valid or dirty; or one property of it only."""
    whole = _untouched(feature, cohort)
    for ask, stream in _asked(_OF_ANY, seed, only):
        ask(feature, cohort, whole, stream)
    return whole


def check_survival(feature: Feature, cohort: Cohort, _seed: int, _only: str = "") -> np.ndarray:
    """Require a table of the right shape, and an untouched input, whatever the input; and the same table again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that no record holds, NumPy may warn
        whole = _untouched(feature, cohort)
        same_bits("deterministic", feature, values_of(feature, cohort), whole, "computed once more")
    return whole


def check_sound_cohort(feature: Feature, cohort: Cohort, seed: int, only: str = "") -> np.ndarray:
    """Require a value of everything where all was recorded, and recordings that declared changes don't matter to."""
    whole = values_of(Watched(feature), cohort)
    for ask, stream in _asked(_OF_SOUND, seed, only):
        ask(feature, cohort, whole, stream)
    keeps_what_it_declares(feature, whole, seed, only, lambda how: values_of(feature, how.cohort(cohort)))
    return whole


def _untouched(feature: Feature, cohort: Cohort) -> np.ndarray:
    """Compute a feature that is watched, and require the cohort to be left as it was."""
    visits, treatments = cohort.visits.copy(deep=True), cohort.treatments.copy(deep=True)
    whole = values_of(Watched(feature), cohort)
    check_precision(whole)
    if not (cohort.visits.equals(visits) and cohort.treatments.equals(treatments)):
        raise broken("input untouched", "it changes the tables of the cohort")
    return whole


def _machine(feature: Feature, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    same_on_any_machine(feature, cohort, whole)


def _bounds(feature: Feature, _cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    check_bounds(feature, whole)


def _missing(feature: Feature, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    last = _last_visits(cohort)
    if np.isnan(whole[last]).any() and not feature.spec.missing_when:
        name = feature.spec.columns[np.flatnonzero(np.isnan(whole[last]).any(axis=0))[0]]
        raise broken("missing only for a reason", f"all is recorded, {name} is missing, and no missing_when says why")


def _ids(feature: Feature, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    """Rename everybody: ids that sort the other way round, and that no cache has seen before."""
    token = uuid4().hex[:8]
    patients = {each: f"{token}-{9999 - at:04d}" for at, each in enumerate(pd.unique(cohort.groups))}
    visits = {each: f"{9999 - at:04d}.{token}" for at, each in enumerate(pd.unique(cohort.visits["visit_id"]))}
    now = values_of(feature, _renamed(cohort, patients, visits))
    same_bits("ids", feature, now, whole, "with other ids")


def _renamed(cohort: Cohort, patients: dict[str, str], visits: dict[str, str]) -> Cohort:
    def table(held: pd.DataFrame) -> pd.DataFrame:
        own = {name: names for name, names in (("patient_id", patients), ("visit_id", visits)) if name in held}
        # a treatment may be of a patient without visits, who keeps the name
        renamed = {
            name: np.array([names.get(each, each) for each in held[name]], object) for name, names in own.items()
        }
        return held.assign(**renamed)

    recordings = tuple(
        replace(each, patient_id=patients[each.patient_id], visit_id=visits[each.visit_id])
        for each in cohort.recordings
    )
    return replace(cohort, visits=table(cohort.visits), treatments=table(cohort.treatments), recordings=recordings)


def _row_numbers(feature: Feature, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    moved = cohort.visits.assign(source="elsewhere", row=cohort.visits["row"].to_numpy()[::-1] + 1000)
    moved.index = pd.Index(stream.permutation(len(moved)) + 7)
    now = values_of(feature, replace(cohort, visits=moved))
    same_bits("row numbers", feature, now, whole, "with other row numbers, source and index")


def _neighbours(feature: Feature, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    for patient in pd.unique(cohort.groups):
        mine = np.flatnonzero(cohort.groups == patient)
        same_bits("neighbours", feature, values_of(feature, cohort[mine]), whole[mine], "with the patient alone")


def _order(feature: Feature, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    rows, doses = stream.permutation(len(cohort)), stream.permutation(len(cohort.treatments))
    mixed = replace(
        cohort,
        visits=cohort.visits.iloc[rows].reset_index(drop=True),
        treatments=cohort.treatments.iloc[doses].reset_index(drop=True),
        recordings=tuple(cohort.recordings[at] for at in stream.permutation(len(cohort.recordings))),
    )
    # of a visit that stands there twice, either row may come first
    keys = cohort.visits[["patient_id", "visit_id"]]
    once = ~keys.duplicated(keep=False).to_numpy()[rows]
    now = values_of(feature, mixed)
    same_bits("order", feature, now[once], whole[rows][once], "with rows in another order")


def _partition(feature: Feature, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    codes = pd.factorize(cohort.groups)[0]
    part = stream.integers(0, 2, len(codes))[codes]
    for number in (0, 1):
        mine = np.flatnonzero(part == number)
        if len(mine):
            same_bits("partition", feature, values_of(feature, cohort[mine]), whole[mine], f"in partition {number}")


def _chunks(feature: Feature, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    """Put copies of the cohort under other names behind it, sometimes so many that they fill another chunk."""
    copies = int(stream.integers(1, 4))
    if cohort.recordings and stream.random() < _LARGE:
        copies = CHUNK // len(cohort.recordings) + 1
    many = [_copied(cohort, number) for number in range(copies)]
    joined = replace(
        cohort,
        visits=pd.concat([cohort.visits, *(each.visits for each in many)], ignore_index=True),
        treatments=pd.concat([cohort.treatments, *(each.treatments for each in many)], ignore_index=True),
        recordings=(*cohort.recordings, *(each for copy in many for each in copy.recordings)),
    )
    now = values_of(feature, joined)[: len(cohort)]
    same_bits("chunks", feature, now, whole, f"with {copies} times as many patients behind them")


def _copied(cohort: Cohort, number: int) -> Cohort:
    patients = {each: f"copy {number} of {each}" for each in pd.unique(cohort.groups)}
    return _renamed(cohort, patients, {each: each for each in pd.unique(cohort.visits["visit_id"])})


def _workers(feature: Feature, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    if cohort.recordings:
        now = values_of(feature, cohort, map=_as_workers)
        same_bits("workers", feature, now, whole, "computed by workers")


def _as_workers(function: Callable[..., Any], *given: Iterable[Any]) -> Iterator[Any]:
    """Do what a pool does: send everything as bytes, in any order, and hand results back in theirs."""
    try:
        sent = [pickle.dumps((function, arguments)) for arguments in zip(*given, strict=True)]
    except Exception as error:
        raise broken("workers", f"its recordings or itself can't be sent to one ({type(error).__name__})") from error
    done = {}
    for at in reversed(range(len(sent))):
        work, arguments = pickle.loads(sent[at])  # noqa: S301 (our own bytes)
        done[at] = pickle.dumps(work(*arguments))
    return iter([pickle.loads(done[at]) for at in range(len(sent))])  # noqa: S301


def _calendar(feature: Feature, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    """Let the same course take place in other years, and the clocks of recordings start later."""
    days, seconds = int(stream.integers(1, 4000)), float(stream.integers(1, 1000))
    later = replace(
        cohort,
        visits=_delayed(cohort.visits, days),
        treatments=_delayed(cohort.treatments, days),
        recordings=tuple(changed(each, Delayed(seconds)) for each in cohort.recordings),
    )
    nearly("calendar", feature, values_of(feature, later), whole, f"{days} days later in the calendar", **ROUNDING)


def _delayed(table: pd.DataFrame, days: int | np.ndarray) -> pd.DataFrame:
    moved = {}
    for name in table.columns.intersection(_DATES):
        day = pd.to_datetime(table[name].replace("", None), format="%Y-%m-%d").to_numpy("datetime64[D]")
        words = np.datetime_as_string(day + np.asarray(days, "timedelta64[D]"))
        moved[name] = np.where(np.isnat(day), "", words).astype(object)
    return table.assign(**moved)


def _future(feature: Feature, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    """Take what was known at one time, with nothing of what came after."""
    weeks = visit_weeks(cohort.visits)
    if np.isnan(weeks).all():
        return
    now = float(stream.choice(np.unique(weeks[~np.isnan(weeks)])))
    past = np.flatnonzero(weeks <= now)
    same_bits("future", feature, values_of(feature, _known(cohort, past, now)), whole[past], "without what came later")


def _known(cohort: Cohort, past: np.ndarray, now: float) -> Cohort:
    known = cohort[past]
    if len(known.treatments):
        when = treatment_weeks(known.treatments, known.visits)
        known = replace(known, treatments=known.treatments[when <= now].reset_index(drop=True))
    return known


def _later(feature: Feature, cohort: Cohort, _whole: np.ndarray, stream: np.random.Generator) -> None:
    """Let each patient's last visit take place some weeks later, with nothing else in between."""
    if LATER not in (*feature.spec.invariant_to, *feature.spec.equivariant_to):
        return
    weeks = pd.Series(visit_weeks(cohort.visits))
    first = weeks.groupby(cohort.groups).transform("min").to_numpy()
    rows = np.array([row for row in _last_visits(cohort) if weeks[row] > first[row]], dtype=int)
    if not len(rows):
        return
    span = float(stream.integers(1, 60))
    moved, table = np.zeros(len(cohort)), cohort.visits
    moved[rows] = span
    clocks = {"weeks_since_enrolment": 1.0, "age_at_visit_y": 1 / WEEKS_PER_YEAR}
    later = _delayed(table, (7 * moved).astype(int)).assign(
        **{name: table[name] + moved * each for name, each in clocks.items() if name in table}
    )
    before, after = (_until(cohort, visits) for visits in (cohort.visits, later))
    now, then = values_of(feature, after)[rows], values_of(feature, before)[rows]
    grown = {Unit.WEEKS: span, Unit.YEARS: span / WEEKS_PER_YEAR}.get(feature.spec.unit, 0.0)
    shift = grown if LATER in feature.spec.equivariant_to else 0.0
    nearly(LATER, feature, now, then + shift, f"{span:.0f} weeks later", **ROUNDING)


def _until(cohort: Cohort, visits: pd.DataFrame) -> Cohort:
    """Return the cohort with these visits, and the treatments up to each patient's last visit as it was."""
    if not len(cohort.treatments) or not clock_of(cohort.visits):
        return replace(cohort, visits=visits)
    last = pd.Series(visit_weeks(cohort.visits)).groupby(cohort.groups).max()
    when = treatment_weeks(cohort.treatments, cohort.visits)
    known = when <= last.reindex(cohort.treatments["patient_id"]).to_numpy()
    return replace(cohort, visits=visits, treatments=cohort.treatments[known].reset_index(drop=True))


def _last_visits(cohort: Cohort) -> np.ndarray:
    """Rows of visits that are strictly the last of their patient."""
    weeks = pd.Series(visit_weeks(cohort.visits))
    latest = weeks.groupby(cohort.groups).transform("max")
    ties = (weeks == latest).groupby(cohort.groups).transform("sum")
    return np.flatnonzero((weeks == latest) & (ties == 1))


_Asked = Callable[[Feature, Cohort, np.ndarray, np.random.Generator], None]

_OF_ANY: tuple[tuple[tuple[str, ...], _Asked], ...] = (
    (("deterministic", "time zone"), _machine),
    (("bounds",), _bounds),
    (("ids",), _ids),
    (("row numbers",), _row_numbers),
    (("neighbours",), _neighbours),
    (("order",), _order),
    (("partition",), _partition),
    (("chunks",), _chunks),
    (("workers",), _workers),
    (("calendar",), _calendar),
    (("future",), _future),
    ((str(LATER),), _later),
)
_OF_SOUND: tuple[tuple[tuple[str, ...], _Asked], ...] = (
    (("deterministic", "time zone"), _machine),
    (("missing only for a reason",), _missing),
)


def _asked(steps: tuple[tuple[tuple[str, ...], _Asked], ...], seed: int, only: str) -> Iterator[tuple[_Asked, Any]]:
    """Yield what to ask, each with a stream of its own, so that asking for one property only changes nothing in it."""
    for number, (names, ask) in enumerate(steps):
        if only in ("", *ANYWHERE, *names):
            yield ask, np.random.default_rng([seed, number])
