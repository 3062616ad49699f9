"""Recorded labels: the true class, or one that it is taken for.

A wrong label is more likely early in the illness and at some clinics, and falls on neighbours: a class that shares the
family of the label tree, then one of the same cause. Who labels early errs most; the share of wrong labels over all is
that of the recipe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from pipeline.recipe import Recipe
from pipeline.synthetic import figures
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.person import People, log_median_duration
from pipeline.synthetic.streams import Streams
from pipeline.vocabulary import LABEL_TREE

_STEPS_Y = (1.0, 5.0)
_BY_DURATION = np.array([1.6, 1.0, 0.6])
"""A: factor on the share of wrong labels up to 1 year, up to 5 years, and after."""

_FAMILY, _SAME_CAUSE, _ANY = 8.0, 2.0, 1.0
"""A: how a wrong label is drawn to neighbours, beside how common they are."""

_MOST = 0.95
_RATERS_A_CENTRE = 3
_PARENT = {child: parent for parent, children in LABEL_TREE.items() for child in children}


@dataclass(frozen=True)
class LabelModel:
    """How labels go wrong.

    Attributes
    ----------
    rates : ndarray, shape (centres, durations)
        Share of wrong labels.
    taken_for : ndarray, shape (classes, classes)
        What a wrong label of each class says; rows add up to 1.
    """

    rates: np.ndarray
    taken_for: np.ndarray

    def rate(self, centre: np.ndarray, duration_y: np.ndarray) -> np.ndarray:
        """Return the share of wrong labels of patients at these clinics who enrolled after these years."""
        return self.rates[centre, np.searchsorted(_STEPS_Y, duration_y, side="right")]

    def recorded(self, true: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return the probability of each recorded label from those of the true classes, shape (rows, classes)."""
        return (1 - rate[:, None]) * true + rate[:, None] * (true @ self.taken_for)


def label_model(mix: Mix, recipe: Recipe) -> LabelModel:
    """Solve the rates for the share of wrong labels that the recipe asks for."""
    if len(mix.pairs) == 1:
        return LabelModel(np.zeros((len(recipe.centres), len(_BY_DURATION))), np.ones((1, 1)))
    pull = np.array([[_pull(one, other) for other in mix.pairs] for one in mix.pairs]) * np.sqrt(mix.shares)
    taken_for = pull / pull.sum(axis=1, keepdims=True)
    ends = ndtr((np.log(_STEPS_Y) - log_median_duration(mix)[:, None]) / figures.DURATION_LOG_SD)
    durations = np.diff(ends, axis=1, prepend=0.0, append=1.0)  # classes, durations
    factor = np.outer([centre.label_noise for centre in recipe.centres], _BY_DURATION)
    share = mix.centre_shares[:, None] * (mix.by_centre @ durations)
    usual = (share * factor).sum()
    rates = recipe.label_noise * factor / usual if usual else np.zeros_like(factor)
    return LabelModel(np.minimum(rates, _MOST), taken_for)


def _pull(one: tuple[str, str], other: tuple[str, str]) -> float:
    if one == other:
        return 0.0
    if one[0] == other[0] or _PARENT[one[0]] == _PARENT[other[0]]:
        return _FAMILY
    return _SAME_CAUSE if one[1] == other[1] else _ANY


@dataclass(frozen=True)
class Labels:
    """The recorded label of each patient: position of the class, who gave it and how certain."""

    pair: np.ndarray
    source: np.ndarray
    certainty: np.ndarray
    rater: np.ndarray


def draw_labels(people: People, model: LabelModel, streams: Streams) -> Labels:
    """Draw what is recorded."""
    u = streams.uniform("labels", 4)
    rate = model.rate(people.centre, people.duration_y)
    ends = np.cumsum(model.taken_for, axis=1)[:, :-1]
    taken_for = (ends[people.pair] <= u[:, [1]]).sum(axis=1)
    certainty = np.array(["definite", "probable", "possible"], dtype=object)
    source = np.array(["movement_specialist", "general_neurologist"], dtype=object)
    rater = 1 + _RATERS_A_CENTRE * people.centre + (u[:, 3] * _RATERS_A_CENTRE).astype(int)
    return Labels(
        np.where(u[:, 0] < rate, taken_for, people.pair),
        source[(rate > np.median(model.rates)).astype(int)],
        certainty[(u[:, 2] < 2 * rate).astype(int) + (u[:, 2] < rate)],
        np.array([f"R{number:02d}" for number in rater], dtype=object),
    )


def label_columns(people: People, labels: Labels, patient: np.ndarray) -> dict[str, pd.Series]:
    """Return the columns of the outcomes that tell of the label, for rows of these patients."""
    words = np.array(people.mix.pairs, dtype=object)[labels.pair[patient]]
    columns = {
        "phenotype": words[:, 0],
        "aetiology": words[:, 1],
        "label_source": labels.source[patient],
        "label_certainty": labels.certainty[patient],
        "rater_id": labels.rater[patient],
        "label_date": np.datetime_as_string(people.enrolled[patient]).astype(object),
    }
    return {name: pd.Series(values, dtype=object) for name, values in columns.items()}
