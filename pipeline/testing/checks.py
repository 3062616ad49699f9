"""One call that checks features against their declarations, for ours and for users' own."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from pipeline.features.spec import RATE, Feature, spec_of
from pipeline.records import IDENTITY, Cohort
from pipeline.testing.broken import Broken, FeatureCheckFailed, Features
from pipeline.testing.cohort_properties import check_cohort, check_sound_cohort, check_survival
from pipeline.testing.recordings import batches
from pipeline.testing.signal_properties import check_batch, check_rate, check_sound_batch
from pipeline.testing.tables import cohorts, complete_cohorts
from pipeline.testing.taken import sound_cohorts, taken_cohorts

_KEYS = [*IDENTITY]
_PURE = ("tone", "tones", "swell")


def check_feature(feature: Callable[..., Any], *, examples: int | None = None) -> None:
    """Check every property that holds of all features, and those that this one declares.

    Draws valid, dirty and hostile input, and looks for the smallest one on which a property does not hold.

    Parameters
    ----------
    feature : callable
        Decorated with one of the four declarations.
    examples : int, optional
        Inputs of each form; as many as Hypothesis' profile says if left out.

    Raises
    ------
    FeatureCheckFailed
        With the property that it breaks, what was seen, and the smallest input found.
    UsageError
        If the function was not decorated.

    Notes
    -----
    ``pickles``
        It can be sent to a worker, by its name.
    ``float64``
        It returns 64-bit numbers of the right shape, and none has lost digits on the way.
    ``input untouched``
        It changes nothing of what it is given, nor of what is computed once and shared with others.
    ``deterministic``, ``time zone``
        The same bits again: after other input, after other random numbers, on another clock.
    ``bounds``
        Every value lies within the declared bounds.
    ``gives a value``, ``missing only for a reason``
        Every column has a value for some input, and for any that is sound and complete, unless `missing_when` says why.
    ``ids``, ``row numbers``, ``calendar``
        The text of ids, where a row stood, and in which years it all took place mean nothing.
    ``neighbours``, ``order``, ``partition``, ``chunks``, ``workers``
        A row depends on its own patient only, to the last bit, however the work is cut.
    ``future``
        Later visits, recordings and treatments change no earlier row.
    ``rotation``, ``scale``, ``mirror``, ``rate``, ``later``
        What it declares to be invariant or equivariant to.
    ``survives``
        It raises nothing, whatever stands in the tables and recordings.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline.features.spec import record_feature
    >>> from pipeline.units import Unit
    >>> @record_feature(unit=Unit.POINTS, bounds=(0.0, 1e3), source="a form", missing_when="not asked")
    ... def mean_points(history):
    ...     "Total of the GDRS, less the mean of everybody."
    ...     total = history.value("gdrs_total_points")
    ...     return np.abs(total - total.mean())
    >>> check_feature(mean_points)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pipeline.testing.broken.FeatureCheckFailed: feature mean_points breaks 'pickles': ...
    """
    check_features([feature], examples=examples)


def check_features(features: Iterable[Callable[..., Any]], *, examples: int | None = None) -> None:
    """Check many features: those that look at the same kind of input are computed together, and share what is drawn.

    Parameters
    ----------
    features : iterable of callable
        As `check_feature` takes them.
    examples : int, optional
        As for `check_feature`.

    Raises
    ------
    FeatureCheckFailed, UsageError
        As `check_feature`, of the first feature that breaks a property.

    Examples
    --------
    >>> from pipeline.features.regions import regions_affected_count, regions_gained_count
    >>> check_features([regions_affected_count, regions_gained_count], examples=2)
    """
    for alike in groups(features):
        for each in alike:
            _check_pickle(each)
        names = [name for each in alike for name in each.spec.columns]
        seen = np.zeros(len(names), bool)
        for question in _questions(alike):
            for whole in question.ask(alike, examples):
                known = np.atleast_1d(np.isfinite(whole).any(axis=0))
                # a value of a window speaks for all columns of its feature
                seen |= (
                    np.repeat(known, [len(each.spec.columns) for each in alike]) if len(known) < len(names) else known
                )
        for at in np.flatnonzero(~seen)[:1]:
            owner = next(each.spec.name for each in alike if names[at] in each.spec.columns)
            raise FeatureCheckFailed(owner, "gives a value", f"{names[at]} is missing for every input", "all of them")


def groups(features: Iterable[Callable[..., Any]]) -> list[tuple[Feature, ...]]:
    """Return features in groups that look at the same kind of input, in the order of each group's first.

    Raises
    ------
    UsageError
        If one was not decorated.
    """
    found: dict[Any, list[Feature]] = {}
    for feature in features:
        spec, own = spec_of(feature), cast("Feature", feature)
        found.setdefault((spec.level, spec.sensor, spec.min_s), []).append(own)
    return [tuple(alike) for alike in found.values()]


@dataclass(frozen=True)
class _Question:
    """A check of one kind of input."""

    inputs: st.SearchStrategy[Any]
    check: Callable[[Features, Any, int, str], np.ndarray]
    share: float = 1.0

    def ask(self, features: Features, examples: int | None) -> list[np.ndarray]:
        """Draw inputs and check them; return the values that the features gave."""
        seen: list[np.ndarray] = []
        last: list[tuple[Any, int, Broken]] = []
        count = max(1, round(self.share * (examples or settings.default.max_examples)))  # type: ignore[union-attr]

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=examples is not None,  # who says how many wants the same answer each time
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),  # type: ignore[misc]
            phases=_phases(),
        )
        @given(self.inputs, st.integers(0, 2**32 - 1))
        def asked(case: Any, seed: int) -> None:
            # once a property broke, a smaller input is looked for that breaks the same one
            only = last[0][2].property if last else ""
            try:
                seen.append(self.check(features, case, seed, only))
            except Broken as broken:
                if only in ("", broken.property):
                    last.append((case, seed, broken))
                    raise

        try:
            asked()
        except Flaky:
            case, _, broken = last[-1]
            found = f"once {broken}, and not when computed again"
            raise FeatureCheckFailed(_names(features), "deterministic", found, described(case)) from None
        except Broken:
            culprit = self._culprit(features, *last[-1])
            case, broken = self._smallest(culprit, *last[-1])
            raise FeatureCheckFailed(_names(culprit), broken.property, broken.what, described(case)) from None
        return seen

    def _culprit(self, features: Features, case: Any, seed: int, broken: Broken) -> Features:
        """Return the first feature that breaks the property by itself; all of them if it takes several."""
        for each in features:
            try:
                self.check([each], case, seed, broken.property)
            except Broken as own:
                if own.property == broken.property:
                    return [each]
        return features

    def _smallest(self, features: Features, case: Any, seed: int, broken: Broken) -> tuple[Any, Broken]:
        """Leave out what the failure does not need, piece by piece."""
        # what is complete is so by all its parts
        whole = not isinstance(case, Cohort) or self.check is check_sound_cohort
        smaller = iter(()) if whole else _smaller(case)
        for leave_out in smaller:
            try:
                self.check(features, leave_out(case), seed, broken.property)
            except Broken as still:
                if still.property == broken.property:
                    case, broken = leave_out(case), still
        return case, broken


def _names(features: Features) -> str:
    return ", ".join(each.spec.name for each in features)


def _questions(features: Features) -> Iterator[_Question]:
    """Yield what is asked of features of one group."""
    spec = features[0].spec
    if spec.level == "record":
        yield _Question(complete_cohorts(), check_sound_cohort, 0.3)
        yield _Question(cohorts(max_visits=5), check_cohort)
        yield _Question(cohorts(max_visits=5, form="dirty"), check_cohort)
        yield _Question(cohorts(form="hostile"), check_survival)
        return
    if spec.level == "window":
        seconds = max(4.0, spec.min_s)
        for form in ("valid", "dirty", "hostile"):
            yield _Question(batches(seconds=seconds, form=form, sensor=spec.sensor), check_batch)
        yield _Question(batches(seconds=seconds, sensor=spec.sensor), check_sound_batch)
        if any(RATE in each.spec.invariant_to for each in features):
            yield _Question(batches(seconds=seconds, kinds=_PURE, noise_g=0.0, sensor=spec.sensor), check_rate)
    share = 0.1 if spec.level == "window" else 0.5
    for form in ("valid", "dirty", "hostile"):
        yield _Question(taken_cohorts(features, form=form), check_cohort, share)
    yield _Question(sound_cohorts(features), check_sound_cohort, share)


def _phases() -> tuple[Phase, ...]:
    """Draw, and shrink if the profile does; to explain costs more than it says here."""
    known = settings.default.phases if settings.default else ()
    return tuple(phase for phase in (Phase.generate, Phase.shrink) if phase in known)


def _check_pickle(feature: Feature) -> None:
    name = feature.spec.name
    try:
        same = pickle.loads(pickle.dumps(feature)) is feature  # noqa: S301 (our own bytes)
    except Exception as error:
        what = f"it can't be sent to a worker ({type(error).__name__}): declare it at the top of a module"
        raise FeatureCheckFailed(name, "pickles", what, "none needed") from error
    if not same:
        raise FeatureCheckFailed(name, "pickles", "a worker would get another function", "none needed")


def _smaller(cohort: Cohort) -> Iterator[Callable[[Cohort], Cohort]]:
    """Yield ways to leave out one column, the treatments, or one recording."""
    yield lambda held: replace(held, treatments=pd.DataFrame())
    for name in cohort.visits.columns.difference(_KEYS):
        yield lambda held, name=name: replace(held, visits=held.visits.drop(columns=name))
    for name in cohort.treatments.columns.difference(_KEYS):
        yield lambda held, name=name: replace(held, treatments=held.treatments.drop(columns=name, errors="ignore"))
    for taken in cohort.recordings:
        yield lambda held, taken=taken: replace(
            held, recordings=tuple(each for each in held.recordings if each is not taken)
        )


def described(case: Any) -> str:
    """Write an input down, so that it can be read and made again."""
    if not isinstance(case, Cohort):
        return repr(case)
    parts = [f"visits {case.visits.to_dict('list')}"]
    if len(case.treatments):
        parts.append(f"treatments {case.treatments.to_dict('list')}")
    return "\n".join([*parts, *(repr(recording) for recording in case.recordings)])
