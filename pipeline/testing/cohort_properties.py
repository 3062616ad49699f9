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
from pipeline.features.spec import LATER
from pipeline.records import Cohort
from pipeline.testing.broken import (
    ANYWHERE,
    ROUNDING,
    Features,
    broken,
    check_bounds,
    check_precision,
    nearly,
    per_column,
    same_bits,
    values_of,
    watched,
)
from pipeline.testing.changes import Delayed, keeps_what_they_declare
from pipeline.testing.machine import same_on_any_machine
from pipeline.testing.recordings import changed
from pipeline.units import WEEKS_PER_YEAR, Unit

_DATES = ["visit_date", "treatment_date"]
_LARGE = 0.2
"""Share of the examples that are made larger than a chunk, which takes long."""


def check_cohort(features: Features, cohort: Cohort, seed: int, only: str = "") -> np.ndarray:
    """Require all that holds of any cohort, valid or dirty; or one property of it only."""
    whole = _untouched(features, cohort)
    for ask, stream in _asked(_OF_ANY, seed, only):
        ask(features, cohort, whole, stream)
    return whole


def check_survival(features: Features, cohort: Cohort, _seed: int, _only: str = "") -> np.ndarray:
    """Require a table of the right shape, and an untouched input, whatever the input; and the same table again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that no record holds, NumPy may warn
        whole = _untouched(features, cohort)
        same_bits("deterministic", features, values_of(features, cohort), whole, "computed once more")
    return whole


def check_sound_cohort(features: Features, cohort: Cohort, seed: int, only: str = "") -> np.ndarray:
    """Require a value of everything where all was recorded, and recordings that declared changes don't matter to."""
    whole = values_of(watched(features), cohort)
    for ask, stream in _asked(_OF_SOUND, seed, only):
        ask(features, cohort, whole, stream)
    keeps_what_they_declare(features, whole, seed, only, lambda own, how: values_of(own, how.cohort(cohort)))
    return whole


def _untouched(features: Features, cohort: Cohort) -> np.ndarray:
    """Compute features that are watched, and require the cohort to be left as it was."""
    visits, treatments = cohort.visits.copy(deep=True), cohort.treatments.copy(deep=True)
    whole = values_of(watched(features), cohort)
    check_precision(features, whole)
    if not (cohort.visits.equals(visits) and cohort.treatments.equals(treatments)):
        raise broken("input untouched", "it changes the tables of the cohort")
    return whole


def _missing(features: Features, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    without = np.isnan(whole[_last_visits(cohort)]).any(axis=0)
    without &= per_column(features, whole.shape[1], [each.spec.missing_when == "" for each in features])
    for column in np.flatnonzero(without)[:1]:
        name = [name for each in features for name in each.spec.columns][column]
        raise broken("missing only for a reason", f"all is recorded, {name} is missing, and no missing_when says why")


def _ids(features: Features, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    """Rename everybody: ids that sort the other way round, and that no cache has seen before."""
    token = uuid4().hex[:8]
    patients = {each: f"{token}-{9999 - at:04d}" for at, each in enumerate(pd.unique(cohort.groups))}
    visits = {each: f"{9999 - at:04d}.{token}" for at, each in enumerate(pd.unique(cohort.visits["visit_id"]))}
    now = values_of(features, _renamed(cohort, patients, visits))
    same_bits("ids", features, now, whole, "with other ids")


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


def _row_numbers(features: Features, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    moved = cohort.visits.assign(source="elsewhere", row=cohort.visits["row"].to_numpy()[::-1] + 1000)
    moved.index = pd.Index(stream.permutation(len(moved)) + 7)
    now = values_of(features, replace(cohort, visits=moved))
    same_bits("row numbers", features, now, whole, "with other row numbers, source and index")


def _neighbours(features: Features, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    for patient in pd.unique(cohort.groups):
        mine = np.flatnonzero(cohort.groups == patient)
        same_bits("neighbours", features, values_of(features, cohort[mine]), whole[mine], "with the patient alone")


def _order(features: Features, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
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
    now = values_of(features, mixed)
    same_bits("order", features, now[once], whole[rows][once], "with rows in another order")


def _partition(features: Features, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    codes = pd.factorize(cohort.groups)[0]
    part = stream.integers(0, 2, len(codes))[codes]
    for number in (0, 1):
        mine = np.flatnonzero(part == number)
        if len(mine):
            same_bits("partition", features, values_of(features, cohort[mine]), whole[mine], f"in partition {number}")


def _chunks(features: Features, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
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
    now = values_of(features, joined)[: len(cohort)]
    same_bits("chunks", features, now, whole, f"with {copies} times as many patients behind them")


def _copied(cohort: Cohort, number: int) -> Cohort:
    patients = {each: f"copy {number} of {each}" for each in pd.unique(cohort.groups)}
    return _renamed(cohort, patients, {each: each for each in pd.unique(cohort.visits["visit_id"])})


def _workers(features: Features, cohort: Cohort, whole: np.ndarray, _stream: np.random.Generator) -> None:
    if cohort.recordings:
        now = values_of(features, cohort, map=_as_workers)
        same_bits("workers", features, now, whole, "computed by workers")


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


def _calendar(features: Features, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    """Let the same course take place in other years, and the clocks of recordings start later."""
    days, seconds = int(stream.integers(1, 4000)), float(stream.integers(1, 1000))
    later = replace(
        cohort,
        visits=_delayed(cohort.visits, days),
        treatments=_delayed(cohort.treatments, days),
        recordings=tuple(changed(each, Delayed(seconds)) for each in cohort.recordings),
    )
    nearly("calendar", features, values_of(features, later), whole, f"{days} days later in the calendar", **ROUNDING)


def _delayed(table: pd.DataFrame, days: int | np.ndarray) -> pd.DataFrame:
    moved = {}
    for name in table.columns.intersection(_DATES):
        day = pd.to_datetime(table[name].replace("", None), format="%Y-%m-%d").to_numpy("datetime64[D]")
        words = np.datetime_as_string(day + np.asarray(days, "timedelta64[D]"))
        moved[name] = np.where(np.isnat(day), "", words).astype(object)
    return table.assign(**moved)


def _future(features: Features, cohort: Cohort, whole: np.ndarray, stream: np.random.Generator) -> None:
    """Take what was known at one time, with nothing of what came after."""
    weeks = visit_weeks(cohort.visits)
    if np.isnan(weeks).all():
        return
    now = float(stream.choice(np.unique(weeks[~np.isnan(weeks)])))
    past = np.flatnonzero(weeks <= now)
    then = whole[past]
    same_bits("future", features, values_of(features, _known(cohort, past, now)), then, "without what came later")


def _known(cohort: Cohort, past: np.ndarray, now: float) -> Cohort:
    known = cohort[past]
    if len(known.treatments):
        when = treatment_weeks(known.treatments, known.visits)
        known = replace(known, treatments=known.treatments[when <= now].reset_index(drop=True))
    return known


def _later(features: Features, cohort: Cohort, _whole: np.ndarray, stream: np.random.Generator) -> None:
    """Let each patient's last visit take place some weeks later, with nothing else in between."""
    features = [each for each in features if LATER in (*each.spec.invariant_to, *each.spec.equivariant_to)]
    weeks = pd.Series(visit_weeks(cohort.visits))
    first = weeks.groupby(cohort.groups).transform("min").to_numpy()
    rows = np.array([row for row in _last_visits(cohort) if weeks[row] > first[row]], dtype=int)
    if not len(rows) or not features:
        return
    span = float(stream.integers(1, 60))
    moved, table = np.zeros(len(cohort)), cohort.visits
    moved[rows] = span
    clocks = {"weeks_since_enrolment": 1.0, "age_at_visit_y": 1 / WEEKS_PER_YEAR}
    later = _delayed(table, (7 * moved).astype(int)).assign(
        **{name: table[name] + moved * each for name, each in clocks.items() if name in table}
    )
    before, after = (_until(cohort, visits) for visits in (cohort.visits, later))
    now, then = values_of(features, after)[rows], values_of(features, before)[rows]
    grown = {Unit.WEEKS: span, Unit.YEARS: span / WEEKS_PER_YEAR}
    shifts = [grown.get(each.spec.unit, 0.0) if LATER in each.spec.equivariant_to else 0.0 for each in features]
    shift = per_column(features, now.shape[1], shifts)
    nearly(LATER, features, now, then + shift, f"{span:.0f} weeks later", **ROUNDING)


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


_Asked = Callable[[Features, Cohort, np.ndarray, np.random.Generator], None]

_OF_ANY: tuple[tuple[tuple[str, ...], _Asked], ...] = (
    (("deterministic", "time zone"), same_on_any_machine),
    (("bounds",), check_bounds),
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
    (("deterministic", "time zone"), same_on_any_machine),
    (("missing only for a reason",), _missing),
)


def _asked(steps: tuple[tuple[tuple[str, ...], _Asked], ...], seed: int, only: str) -> Iterator[tuple[_Asked, Any]]:
    """Yield what to ask, each with a stream of its own, so that asking for one property only changes nothing in it."""
    for number, (names, ask) in enumerate(steps):
        if only in ("", *ANYWHERE, *names):
            yield ask, np.random.default_rng([seed, number])
