"""Reasons for predictions in a clinician's words: what was recorded, where it stands among patients, what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.bundle.standing import Standing
from pipeline.bundle.target import LogOdds, TargetModel, added_up
from pipeline.features.words import Said, parts_of
from pipeline.learners.explanation import contributions, least_without

_TEXTS = pa.list_(pa.string())
_DIGITS = 2
"""Of a contribution as it is told; what rounding takes away is told with all other parts."""


@dataclass(frozen=True)
class Teller:
    """What is needed to put numbers of a feature table into words.

    Attributes
    ----------
    columns : tuple of str
        The feature columns, in the order of the estimators' inputs.
    said : mapping
        Words of each column.
    standings : mapping
        How the people of the training lie in each column, as far as that may be told.
    """

    columns: tuple[str, ...]
    said: Mapping[str, Said]
    standings: Mapping[str, Standing] = field(default_factory=dict)

    @cached_property
    def parts(self) -> dict[str, list[int]]:
        """What a clinician would name, with the positions of its columns."""
        return parts_of(self.columns, self.said)

    def is_measured(self, part: int) -> bool:
        """Whether a part is measured in several ways, of which one is named; else it is a question with its answer."""
        return bool(self.said[self.columns[self._columns[part][0]]].title)

    def reason(self, record: np.ndarray, part: int, column: int, contribution: float) -> str:
        """Say one reason.

        Parameters
        ----------
        record : ndarray, shape (columns,)
        part : int
            Which of `parts`.
        column : int
            The one to name, where the part is measured in several ways.
        contribution : float
            Log-odds.
        """
        if self.is_measured(part):
            said = f"{self.said[self.columns[column]].title} {self._placed(column, record)}"
        else:
            said = self._answer([at for at in self._columns[part] if not np.isnan(record[at])], record)
        # a list in a CSV is joined with |
        return f"{list(self.parts)[part]}: {said}, {contribution:+.{_DIGITS}f}".replace("|", "/")

    @cached_property
    def _columns(self) -> list[list[int]]:
        return list(self.parts.values())

    def _answer(self, columns: list[int], record: np.ndarray) -> str:
        """Say the answer to a question that some columns hold; a number tells more than the class that it lies in."""
        answers = {at: self.said[self.columns[at]].answer for at in columns}
        number = next((at for at, answer in answers.items() if not answer), None)
        if number is not None:
            return self._placed(number, record)
        given = [at for at in columns if record[at] == 1.0]
        if len(given) == 1:
            return f"{answers[given[0]]}{self._place(given[0], record)}"
        return ", ".join(answers[at] for at in given) or f"none of {', '.join(answers.values())}"

    def _placed(self, at: int, record: np.ndarray) -> str:
        return self.said[self.columns[at]].value(record[at]) + self._place(at, record)

    def _place(self, at: int, record: np.ndarray) -> str:
        place = self.standings.get(self.columns[at], Standing()).place(record[at])
        return f" ({place})" if place else ""


def reasons_of(model: TargetModel, X: np.ndarray, asked: np.ndarray, teller: Teller, most: int) -> dict[str, Any]:
    """Give the strongest reasons for what a model says.

    Parameters
    ----------
    model : TargetModel
    X : ndarray, shape (n, features)
    asked : ndarray of bool, shape (n,)
        Of whom the target can be asked; the others get none.
    teller : Teller
    most : int
        Reasons at most for each prediction; the strongest come first.

    Returns
    -------
    dict
        For each label column, or the target, `NAME_reasons`, lists of texts; `NAME_reasons_start`, the log-odds where
        nothing is known of a patient; and `NAME_reasons_rest`, what all other parts add: together, with the numbers in
        the texts, they are the log-odds of the prediction.
    """
    known, at = X[asked], np.flatnonzero(asked)
    function = model.log_odds(known)
    start, shares = contributions(function, known, list(teller.parts.values()))
    columns: dict[str, Any] = {}
    for place, name in enumerate(model.target.told):
        own = np.round(shares[:, :, place], _DIGITS)
        order = np.argsort(-np.abs(shares[:, :, place]), axis=1, kind="stable")[:, :most]
        rows, turns = np.nonzero(np.take_along_axis(own, order, axis=1))
        chosen = order[rows, turns]
        texts: list[list[str]] = [[] for _ in range(len(X))]
        told = np.zeros(len(known))
        most_telling = _most_telling(function, known, (rows, chosen), own[rows, chosen], place, teller=teller)
        for row, part, column in zip(rows, chosen, most_telling, strict=True):
            texts[at[row]].append(teller.reason(known[row], part, column, own[row, part]))
            told[row] += own[row, part]
        begin, rest = np.full((2, len(X)), np.nan)
        begin[at] = start[:, place]
        rest[at] = added_up(shares[:, :, place]) - told
        columns |= {f"{name}_reasons": pd.arrays.ArrowExtensionArray(pa.array(texts, _TEXTS))}
        columns |= {f"{name}_reasons_start": begin, f"{name}_reasons_rest": rest}
    return columns


def _most_telling(
    function: LogOdds,
    X: np.ndarray,
    chosen: tuple[np.ndarray, np.ndarray],
    does: np.ndarray,
    place: int,
    *,
    teller: Teller,
) -> np.ndarray:
    """Return the column to name of each chosen part: of several measurements, the one that does most of it."""
    rows, parts = chosen
    columns = list(teller.parts.values())
    named = np.array([columns[part][0] for part in parts], dtype=np.int64)
    many = np.flatnonzero([teller.is_measured(part) for part in parts])
    if len(many):
        named[many] = least_without(
            function, X, rows[many], [columns[part] for part in parts[many]], sign=np.sign(does[many]), number=place
        )
    return named
