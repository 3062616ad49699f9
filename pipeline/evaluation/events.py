"""Scores of risks against events that were only seen to lie between two visits."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

_PERIODS_TO_SHORTEST = 4
_PERIODS_TO_LONGEST = 40
_MOST_STEPS = 10_000
_COARSE = 1e-5
_STEPS_BETWEEN_LOOKS = 4
_CHUNK = 512


def turnbull(
    left: np.ndarray,
    right: np.ndarray,
    horizons: np.ndarray,
    *,
    period: float | None = None,
    smoothed: bool = False,
    tolerance: float = 1e-7,
) -> np.ndarray:
    """Return the share without the event at each horizon, without a model of its time.

    The nonparametric maximum likelihood estimate of Turnbull 1976 (J R Stat Soc B 38:290) on a grid, by
    self-consistency: the mass in a period is the expected share of events there, given the intervals. Inside an
    interval that no other interval divides, the data do not say where the mass lies; it stays spread evenly. Interval
    ends are rounded to the nearest grid point, as in the learner, so that a visit counts alike whatever it found. The
    grid goes on as far as there are data: if it ended at the horizon, events between visits on both sides of it would
    be drawn beyond (visits 1 to 4 years apart and a hazard of 0.1 a year: a 5-year share of 0.33 instead of 0.39).

    Where visits lie far apart, the data hardly say when between them events came, and the estimate at a horizon below
    the gap is rough. ``smoothed`` averages the mass of neighbouring periods after each step (EMS; Silverman, Jones,
    Wilson and Nychka 1990, J R Stat Soc B 52:271): in that example, with 1,000 people, the standard error of the 1-year
    share falls from 0.025 to 0.009, and no bias is seen.

    Parameters
    ----------
    left, right : array-like, shape (n,)
        Years: the event lies in ``(left, right]``; infinity if none was seen; equal if its time is known. Right is NaN
        where a competing event came at `left`: such a person cannot have the event any more. The shares are then those
        of Aalen and Johansen (1978, Scand J Stat 5:141), competing events having mass of their own: who was lost may
        have met either.
    horizons : array-like, shape (h,)
        Positive, ascending; years.
    period : float, optional
        Years in a period of the grid; if left out, a quarter of the shortest horizon or a fortieth of the longest,
        whichever is less.
    smoothed : bool
        Assume that the hazard does not jump between neighbouring periods.
    tolerance : float
        Stop when no mass moves by more.

    Returns
    -------
    ndarray, shape (h,)
        In [0, 1], not rising; NaN without rows.

    Examples
    --------
    >>> turnbull([0.0, 1.0, 2.0, 2.0], [1.0, 2.0, np.inf, np.inf], [1.0, 2.0]).round(3)
    array([0.75, 0.5 ])
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    horizons = np.asarray(horizons, dtype=np.float64)
    if not len(left):
        return np.full(len(horizons), np.nan)
    if period is None:
        period = min(float(horizons[0]) / _PERIODS_TO_SHORTEST, float(horizons[-1]) / _PERIODS_TO_LONGEST)
    # the last cell is all that lies beyond the grid
    farthest = max(float(horizons[-1]), float(np.where(np.isfinite(right), right, left).max()))
    cells = int(np.ceil(farthest / period - 1e-9)) + 1
    first, last = _cells(left, right, period, cells)
    ended = np.isnan(right)
    first[ended] = np.maximum(np.ceil(left[ended] / period).astype(np.int64) - 1, 0)
    kinds, count = np.unique(np.column_stack([first, last, ended]), axis=0, return_counts=True)
    holds, spread = _possible(kinds, cells), _smoother(cells) if smoothed else None
    if ended.any():
        holds, spread = _with_competing(holds, kinds, spread)
    mass = _self_consistent(holds, count / count.sum(), tolerance, spread)[:cells]
    gone = np.concatenate([[0.0], np.cumsum(mass)])
    return np.clip(1.0 - np.interp(horizons / period, np.arange(cells), gone[:cells]), 0.0, 1.0)


def observed_over_expected(
    left: np.ndarray, right: np.ndarray, risk: np.ndarray, horizon: float, *, period: float | None = None
) -> float:
    """Return the observed share with the event by the horizon (`turnbull`, smoothed) over the mean risk.

    Parameters
    ----------
    left, right : array-like, shape (n,)
        Years, as in `turnbull`.
    risk : array-like, shape (n,)
        Predicted probability of the event by the horizon.
    horizon : float
        Years.
    period : float, optional
        Years in a period of the grid over which the observed share is smoothed; a quarter of the horizon if left out.

    Returns
    -------
    float
        1 for a model that is right on average; NaN without rows or without any risk.
    """
    expected = float(np.mean(risk)) if len(risk) else 0.0
    if expected == 0.0:
        return float("nan")
    period = horizon / _PERIODS_TO_SHORTEST if period is None else period
    free = turnbull(left, right, np.array([horizon]), period=period, smoothed=True, tolerance=_COARSE)
    return float(1.0 - free[0]) / expected


def concordance(left: np.ndarray, right: np.ndarray, risk_score: np.ndarray, *, horizon: float = np.inf) -> float:
    """Return how often, of two people whose events came in a certain order, the earlier one has the higher score.

    The order is certain if one person's interval ends before the other's begins: then T_i <= right_i <= left_j < T_j.
    Where they touch and the later event is known exactly (left = right), the two may be equal, and the pair is left
    out. Ties of the score count half. For exact and right-censored times this is Harrell's C (Harrell et al. 1996,
    Stat Med 15:361).

    Parameters
    ----------
    left, right : array-like, shape (n,)
        Years, as in `turnbull`; who cannot have the event any more has it later than everybody else (Wolbers et al.
        2009, Epidemiology 20:555).
    risk_score : array-like, shape (n,)
    horizon : float
        Only pairs whose earlier event was seen by then.

    Returns
    -------
    float
        NaN if no order is certain.

    Examples
    --------
    >>> concordance([0.0, 1.0, 2.0], [1.0, 3.0, np.inf], [0.9, 0.2, 0.4])
    1.0
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    risk_score = np.asarray(risk_score, dtype=np.float64)
    left = np.where(np.isnan(right), np.inf, left)
    exact = left == right
    earlier = np.flatnonzero(np.isfinite(right) & (right <= horizon))
    pairs = concordant = 0.0
    for start in range(0, len(earlier), _CHUNK):
        mine = earlier[start : start + _CHUNK, None]
        certain = (right[mine] < left) | ((right[mine] == left) & ~exact)
        pairs += certain.sum()
        higher = (risk_score[mine] > risk_score) + 0.5 * (risk_score[mine] == risk_score)
        concordant += (higher * certain).sum()
    return float(concordant / pairs) if pairs else float("nan")


def _cells(left: np.ndarray, right: np.ndarray, period: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last cell that may hold each event; the last cell of all is beyond the grid."""
    seen = np.isfinite(right)
    finite = np.where(seen, right, left)
    first, end = np.rint(left / period), np.rint(finite / period)
    middle = np.maximum(np.ceil((left + finite) / 2.0 / period) - 1.0, 0.0)
    meet = seen & (first >= end)
    first, end = np.where(meet, middle, first), np.where(meet, middle + 1.0, end)
    beyond = cells - 1.0
    last = np.where(seen, np.minimum(end - 1.0, beyond), beyond)
    return np.minimum(first, beyond).astype(np.int64), last.astype(np.int64)


def _possible(kinds: np.ndarray, cells: int) -> np.ndarray:
    """Return which cells may hold the event of each kind of person, as 0 or 1, shape (kinds, cells)."""
    cell = np.arange(cells)
    return ((cell >= kinds[:, :1]) & (cell <= kinds[:, 1:2])).astype(np.float64)


def _with_competing(
    holds: np.ndarray, kinds: np.ndarray, spread: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Add cells of competing events: what is beyond the grid is beyond it for both.

    Who had one is in its cell alone; who was lost may have met one, like the event, at any later time.
    """
    cells = holds.shape[1]
    ended, open_ended = kinds[:, 2] == 1, kinds[:, 1] == cells - 1
    others = np.where(open_ended[:, None], holds[:, :-1], 0.0)
    at = np.minimum(kinds[ended, 0], cells - 2)
    others[ended] = np.arange(cells - 1) == at[:, None]
    holds = np.hstack([np.where(ended[:, None], 0.0, holds), others])
    return holds, None if spread is None else np.asarray(block_diag(spread, np.eye(cells - 1)))


def _self_consistent(holds: np.ndarray, share: np.ndarray, tolerance: float, spread: np.ndarray | None) -> np.ndarray:
    """Return the mass of each cell, shape (cells,)."""
    mass = np.full(holds.shape[1], 1.0 / holds.shape[1])
    for step in range(1, _MOST_STEPS + 1):
        moved = mass * ((share / (holds @ mass)) @ holds)
        if spread is not None:
            moved = moved @ spread
        # looking whether it still moves costs as much as a step
        if step % _STEPS_BETWEEN_LOOKS == 0 and np.abs(moved - mass).max() < tolerance:
            return moved
        mass = moved
    return mass


def _smoother(cells: int) -> np.ndarray:
    """Return what averages each cell with its neighbours, weights 1/4, 1/2, 1/4; the sum, and the last cell, stay."""
    spread = np.zeros((cells, cells))
    inner = np.arange(cells - 1)
    spread[inner, inner] = 0.5
    for to in (inner - 1, inner + 1):
        np.add.at(spread, (inner, np.clip(to, 0, cells - 2)), 0.25)
    spread[-1, -1] = 1.0
    return spread
