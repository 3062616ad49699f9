"""Features that are wrong, each in a way of its own, as people write them; `check_feature` has to find every one.

Each stands at the top of this module, as features do, under the property that it breaks.
"""

from datetime import datetime

import numpy as np
import pandas as pd

from pipeline.clock import treatment_weeks
from pipeline.features.places import on
from pipeline.features.spec import (
    LATER,
    MIRROR,
    RATE,
    ROTATION,
    SCALE,
    record_feature,
    recording_feature,
    visit_feature,
    window_feature,
)
from pipeline.units import Unit

PLANTED = []
SCORE = "gdrs_total_points"
ANY = (-np.inf, np.inf)
TOXIN = "botulinum_toxin"


def breaks(*properties):
    """List a feature with the properties that it breaks; the message has to name one of them."""

    def listed(feature):
        PLANTED.append((feature, properties))
        return feature

    return listed


def form(unit=Unit.POINTS, **changed):
    declared = {"unit": unit, "bounds": ANY, "source": "planted", "missing_when": "not asked"} | changed
    return record_feature(**declared)


def worn(unit=Unit.G, **changed):
    declared = {"unit": unit, "bounds": ANY, "source": "planted", "outputs": on(["head"], ["rest"], "median")}
    return window_feature(**declared | changed)


# --- whose a row is


@breaks("neighbours", "partition", "chunks", "future")
@form()
def above_the_mean_points(history):
    """Score less the mean of the batch."""
    score = history.value(SCORE)
    return score - np.nanmean(score) if np.isfinite(score).any() else score


@breaks("neighbours", "partition", "chunks", "future")
@form(Unit.SHARE, bounds=(0.0, 1.0))
def rank_share(history):
    """Rank of the score among all rows."""
    return pd.Series(history.value(SCORE)).rank(pct=True).to_numpy()


@breaks("neighbours", "order", "partition", "chunks")
@form()
def filled_points(history):
    """Score, or that of the row above where none was recorded."""
    return pd.Series(history.value(SCORE)).ffill().to_numpy(copy=True)


@breaks("neighbours", "chunks")
@worn(Unit.RATIO)
def louder_than_others_ratio(signal):
    """Movement over the mean movement of the batch."""
    return signal.rms / np.maximum(signal.rms.mean(), 1e-9)


@breaks("neighbours", "order", "chunks")
@worn(Unit.COUNT)
def position_count(signal):
    """Place of the window in its batch."""
    return np.arange(float(len(signal)))


@breaks("order", "future")
@form()
def first_row_points(history):
    """Score in the patient's first row, taken for the first visit."""
    codes = pd.factorize(history._visits["patient_id"])[0]
    return history.value(SCORE)[np.unique(codes, return_index=True)[1][codes]] if len(history) else np.empty(0)


@breaks("chunks")
@form()
def large_batches_rounded_points(history):
    """Score, rounded where there is much to do."""
    return np.round(history.value(SCORE), 0 if len(history) > 20 else 3)


@breaks("row numbers")
@form(Unit.COUNT)
def record_number_count(history):
    """Number of the record in its file."""
    return history._visits["row"].to_numpy(dtype=float) if "row" in history._visits else np.full(len(history), np.nan)


@breaks("row numbers")
@form(Unit.COUNT)
def index_count(history):
    """Position in the table, by its index."""
    return history._visits.index.to_numpy(dtype=float)


@breaks("ids")
@form(Unit.COUNT)
def number_in_id_count(history):
    """Digits of the patient's id, which at one clinic counts up with the years."""
    return np.array([float(sum(map(str.isdigit, each))) for each in history.text("patient_id")])


@breaks("ids", "neighbours", "partition", "chunks")
@form(Unit.STATE, bounds=(0.0, 1.0))
def first_in_the_alphabet_state(history):
    """Whether the patient's id comes first."""
    ids = history.text("patient_id")
    return (ids == min(ids)).astype(float) if len(ids) else np.empty(0)


_KNOWN: dict[str, float] = {}


@breaks("ids")
@form()
def kept_points(history):
    """Score, kept by the id of the visit so that it is read once."""
    score = history.value(SCORE)
    own = zip(history.text("visit_id"), score, strict=True)
    return np.array([_KNOWN.setdefault(visit, float(points)) for visit, points in own])


# --- when it was known


@breaks("future")
@form()
def highest_points(history):
    """Highest score of the whole course."""
    return pd.Series(history.value(SCORE)).groupby(history._visits["patient_id"].to_numpy()).transform("max").to_numpy()


@breaks("future")
@form(Unit.COUNT)
def visits_count(history):
    """Count the patient's visits."""
    patients = history._visits["patient_id"].to_numpy()
    return pd.Series(np.ones(len(history))).groupby(patients).transform("sum").to_numpy()


@breaks("future")
@form(Unit.COUNT)
def sessions_count(history):
    """Count the sessions of botulinum toxin, also those to come."""
    table = history._treatments
    given = table["patient_id"][table["kind"] == TOXIN] if "kind" in table else pd.Series(dtype=object)
    return pd.Series(history.text("patient_id")).map(given.value_counts()).to_numpy(dtype=float, na_value=np.nan)


def sessions_of(history):
    """Patient and weeks of each session, in order."""
    table = history._treatments
    if "kind" not in table or not len(table) or not len(history):
        return np.empty(0, dtype=object), np.empty(0)
    table = table[(table["kind"] == TOXIN).to_numpy()].reset_index(drop=True)
    weeks = treatment_weeks(table, history._visits)
    order = np.lexsort((weeks, table["patient_id"].to_numpy(dtype=str)))
    order = order[~np.isnan(weeks[order])]
    return table["patient_id"].to_numpy(dtype=object)[order], weeks[order]


@breaks("future")
@form(Unit.WEEKS)
def nearest_session_weeks(history):
    """Place in the cycle, off by one: counted from the session after the last, which may lie ahead."""
    patients, weeks = sessions_of(history)
    found = np.full(len(history), np.nan)
    for row, (patient, week) in enumerate(zip(history.text("patient_id"), history.weeks, strict=True)):
        own = weeks[patients == patient]
        at = np.searchsorted(own, week, side="right")
        if at < len(own):
            found[row] = week - own[at]
    return found


@breaks("neighbours", "future", "chunks")
@form(Unit.WEEKS)
def cycle_weeks(history):
    """Place in the cycle, off by one: the session before a patient's first is somebody else's."""
    patients, weeks = sessions_of(history)
    found = np.full(len(history), np.nan)
    for row, (patient, week) in enumerate(zip(history.text("patient_id"), history.weeks, strict=True)):
        own = np.flatnonzero(patients == patient)
        if len(own) and not np.isnan(week):
            found[row] = week - weeks[own[0] - 1 + np.searchsorted(weeks[own], week, side="right")]
    return found


@breaks("calendar")
@form(Unit.YEARS)
def calendar_y(history):
    """Year of the visit: treatments changed with the years."""
    return pd.to_datetime(pd.Series(history.text("visit_date")).replace("", None)).dt.year.to_numpy(float)


@breaks("calendar", "time zone")
@form(Unit.WEEKS)
def until_today_weeks(history):
    """Weeks from the visit to today."""
    days = pd.Timestamp.now().normalize() - pd.to_datetime(pd.Series(history.text("visit_date")).replace("", None))
    return (days / pd.Timedelta(days=7)).to_numpy(float)


@breaks("time zone")
@form(Unit.WEEKS)
def epoch_weeks(history):
    """Weeks since 1970, by the clock on the wall."""

    def weeks(day):
        return datetime.strptime(day, "%Y-%m-%d").timestamp() / 604_800 if day else np.nan

    return np.array([weeks(day) for day in history.text("visit_date")], dtype=float)


# --- what it was computed with


@breaks("deterministic")
@form()
def noisy_points(history):
    """Score with a little noise."""
    return history.value(SCORE) + np.random.random(len(history))


_CALLS = []


@breaks("deterministic")
@form(Unit.COUNT)
def calls_count(history):
    """Count how often it was asked."""
    _CALLS.append(len(history))
    return np.full(len(history), float(len(_CALLS)))


_HIGHEST = [0.0]


@breaks("deterministic")
@form(Unit.SHARE, bounds=(0.0, 1.0))
def of_highest_so_far_share(history):
    """Score over the highest that was ever seen."""
    score = history.value(SCORE)
    _HIGHEST[0] = max(_HIGHEST[0], np.nanmax(score, initial=1.0))
    return score / _HIGHEST[0]


@breaks("input untouched")
@form(Unit.WEEKS)
def shifted_weeks(history):
    """Weeks, made to start at one in place."""
    weeks = history.weeks
    weeks += 1.0
    return weeks.copy()


@breaks("input untouched")
@form()
def floored_points(history):
    """Score of which negative ones are cut off in place."""
    score = history.value(SCORE)
    score[:] = np.maximum(score, 0.0)
    return score


@breaks("input untouched")
@form()
def helper_column_points(history):
    """Score, by way of a new column."""
    history._visits["helper"] = history.value(SCORE)
    return history._visits["helper"].to_numpy(float).copy()


@breaks("input untouched")
@worn()
def power_made_relative_g(signal):
    """Strongest line of the spectrum, made relative in place."""
    signal.power[:] /= np.maximum(signal.power.max(axis=1, keepdims=True), 1e-12)
    return signal.power.max(axis=1)


@breaks("input untouched")
@worn()
def centred_in_place_g(signal):
    """Movement, with the mean taken off in place."""
    values = signal.values
    values -= values.mean(axis=2, keepdims=True)
    return np.abs(values).max(axis=(1, 2))


# --- what it returns


@breaks("float64")
@form()
def short_points(history):
    """Score in 32 bits."""
    return history.value(SCORE).astype(np.float32)


@breaks("float64")
@worn()
def short_inside_g(signal):
    """Strength of movement, computed in 32 bits."""
    return np.sqrt((signal.movement.astype(np.float32) ** 2).mean(axis=(1, 2))).astype(np.float64)


@breaks("float64")
@form()
def two_columns_points(history):
    """Two columns where one was declared."""
    return np.stack([history.value(SCORE)] * 2, axis=1)


@breaks("bounds")
@form(bounds=(0.0, 10.0))
def beyond_bounds_points(history):
    """Score, said to be at most 10."""
    return history.value(SCORE)


@breaks("bounds")
@worn(Unit.SHARE, bounds=(0.0, 1.0))
def more_than_all_share(signal):
    """Share of samples above their mean, of one axis too many."""
    return np.where(signal.valid, 2 * (signal.movement > 0).mean(axis=(1, 2)), np.nan)


@breaks("missing only for a reason")
@form(missing_when="")
def moderate_points(history):
    """Score where it is believable, instead of a quality entry beside it."""
    score = history.value(SCORE)
    return np.where(score > 10.0, np.nan, score)


@breaks("missing only for a reason")
@worn()
def calm_rms_g(signal):
    """Strength of movement where it is small, instead of a quality entry beside it."""
    return np.where(signal.rms > 0.05, np.nan, signal.rms)


@breaks("gives a value")
@form()
def misspelt_points(history):
    """Score of a column that is called otherwise."""
    return history.value("gdrs_totel_points")


# --- what it declares


@breaks("later")
@form(Unit.WEEKS, equivariant_to=(LATER,))
def since_first_weeks(history):
    """Days since the first visit, called weeks."""
    return 7 * history.weeks_since_first


@breaks("later")
@form(Unit.YEARS, equivariant_to=(LATER,))
def since_first_y(history):
    """Weeks since the first visit, called years."""
    return history.weeks_since_first.copy()


@breaks("later")
@form(Unit.COUNT, invariant_to=(LATER,))
def months_count(history):
    """Count the months since the first visit, said not to change with time."""
    return np.floor(history.weeks_since_first / 4)


@breaks("rotation")
@worn(invariant_to=(ROTATION,))
def first_axis_g(signal):
    """Movement of the first axis, said not to depend on how the sensor sits."""
    return np.abs(signal.movement[:, 0]).max(axis=1)


@breaks("scale")
@worn(Unit.RATIO, invariant_to=(SCALE,))
def above_threshold_ratio(signal):
    """Share of samples beyond a twentieth of a g, said not to depend on the sensor's gain."""
    return (np.abs(signal.movement) > 0.05).mean(axis=(1, 2))


@breaks("scale")
@worn(equivariant_to=(SCALE,))
def variance_g(signal):
    """Variance of the movement, in squares of the unit that it is called by."""
    return signal.rms**2


@breaks("mirror")
@worn(invariant_to=(MIRROR,))
def lean_g(signal):
    """Gravity along the first axis, said to be the same on both sides."""
    return signal.gravity[:, 0].copy()


@breaks("rate")
@worn(Unit.COUNT, invariant_to=(RATE,))
def crossings_count(signal):
    """Upward crossings a hundred samples, said not to depend on the rate."""
    movement = signal.movement[:, 0]
    return 100 * ((movement[:, :-1] < 0) & (movement[:, 1:] >= 0)).mean(axis=1)


# --- what it survives


@breaks("survives")
@form(Unit.STATE, bounds=(0.0, 1.0))
def male_state(history):
    """Sex, looked up among the words that are expected."""
    return np.array([{"male": 1.0, "female": 0.0, "": np.nan}[each] for each in history.text("sex")], dtype=float)


@breaks("survives")
@form()
def nobody_points(history):
    """Score, of at least one patient."""
    return history.value(SCORE) + 0 * history.value("row").max()


@breaks("survives")
@worn(Unit.DEGREES)
def inverse_deg(signal):
    """Direction by the inverse of what is zero in a still window."""
    inverse = np.linalg.inv(np.einsum("nit,njt->nij", signal.movement, signal.movement))
    return np.degrees(np.arctan2(inverse[:, 0, 1], inverse[:, 0, 0]))


# --- recordings and visits


@worn()
def strength_g(signal):
    """Strength of movement; nothing is wrong with it but those that need it."""
    return signal.rms.copy()


@breaks("input untouched")
@recording_feature(
    unit=Unit.G, bounds=ANY, source="planted", needs=[strength_g], outputs=on(["head"], ["rest"]), missing_when="short"
)
def sorted_in_place_g(recording):
    """Highest strength, found by sorting in place."""
    strength = recording.of(strength_g)
    strength.sort()
    return float(strength[-1]) if len(strength) else np.nan


@breaks("float64")
@recording_feature(unit=Unit.COUNT, bounds=ANY, source="planted", needs=[strength_g], outputs=on(["head"], ["rest"]))
def windows_count(recording):
    """Count the windows, as a whole number."""
    return len(recording.start_s)


@breaks("scale")
@recording_feature(
    unit=Unit.RATIO,
    bounds=ANY,
    source="planted",
    needs=[strength_g],
    outputs=on(["head"], ["rest"]),
    invariant_to=(SCALE,),
    missing_when="short",
)
def loud_ratio(recording):
    """Share of windows above a tenth of a g, said not to depend on the gain."""
    strength = recording.of(strength_g)
    return float((strength > 0.1).mean() + strength.mean() / 100) if len(strength) else np.nan


@breaks("mirror")
@visit_feature(
    unit=Unit.RATIO,
    outputs=["wrist_side_ratio"],
    bounds=(-1.0, 1.0),
    source="planted",
    needs=[strength_g],
    invariant_to=(MIRROR,),
)
def side_ratio(visits):
    """Left against right with a sign, said to be the same for the mirror image."""
    left, right = (visits.of(strength_g, f"wrist_{side}", "rest") for side in ("left", "right"))
    return (left - right) / (left + right)


def closure():
    """Make a feature inside a function, which no worker can find."""

    @form()
    def inner_points(history):
        """Score."""
        return history.value(SCORE)

    return inner_points


PLANTED.append((closure(), ("pickles",)))
