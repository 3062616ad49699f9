"""Features that take one row for another's, or a row's place for what it holds."""

import numpy as np
import pandas as pd

from pipeline.units import Unit
from tests.checks.planted.listing import SCORE, breaks, form, worn


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
