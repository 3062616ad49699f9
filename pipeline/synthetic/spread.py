"""When dystonia first spreads beyond the region where it began: one latent time for each patient.

Family history, response to alcohol and severity multiply the hazard. The ratios hold for a patient, the published
curves for all patients of a site together, and the two are not the same: multiplying the published curve would lift
cervical spread at 5 years from 9 to about 16 %. So the baseline is not written down. With m a patient's ratio, M the
ratios of the class and S the published curve, the baseline B is defined by E[B(t)^M] = S(t); a survival B(T)^m drawn
uniformly as U then means S(T) = E[U^(M/m)], which is a finite sum and is solved for T.
"""

from __future__ import annotations

import numpy as np

from pipeline.synthetic import figures
from pipeline.synthetic.classes import Pair
from pipeline.synthetic.figures import SpreadCurve
from pipeline.synthetic.form_figures import share_of_yes
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams

_NODES = 21
"""Gauss-Hermite nodes for severity."""

_GRID_Y = np.concatenate([[0.0], np.geomspace(1e-4, 300, 20_000)])
"""Years at which a curve is tabulated; nobody lives to its end."""


def free_of_spread(curve: SpreadCurve, years: np.ndarray) -> np.ndarray:
    """Share of the patients of a site still free of spread, by years since onset.

    Examples
    --------
    >>> free_of_spread(figures.SPREAD_BY_PHENOTYPE["cervical"], np.array([5.0])).round(3).tolist()
    [0.909]
    """
    early = curve.early * np.exp(-((years / curve.scale_y) ** curve.shape)) + 1 - curve.early
    return early * np.exp(-curve.rate_per_y * years)


def draw_spread(people: People, streams: Streams) -> np.ndarray:
    """Return years from onset to the first spread: infinite if it never comes, NaN for who cannot have it."""
    uniform = streams.uniform("spread", 1)[:, 0]
    years = np.full(len(people), np.nan)
    young = people.onset_y <= figures.YOUTH_ENDS_Y
    own_ratio = _own_ratio(people)
    for number, pair in enumerate(people.mix.pairs):
        if pair[0] not in figures.SPREAD_BY_PHENOTYPE:
            continue
        grown_curve = figures.SPREAD_BY_PHENOTYPE[pair[0]]
        for curve, age_group in ((figures.SPREAD_IN_YOUTH.get(pair[0], grown_curve), young), (grown_curve, ~young)):
            chosen = (people.pair == number) & age_group
            survival = _marginal_survival(uniform[chosen], own_ratio[chosen], pair)
            years[chosen] = _time_at(curve, survival)
    return years


def _own_ratio(people: People) -> np.ndarray:
    """Hazard ratio of each patient."""
    return (
        figures.SPREAD_RATIO_FAMILY ** people.history["family_history_dystonia"]
        * figures.SPREAD_RATIO_ALCOHOL ** people.history["alcohol_response"]
        * figures.SPREAD_RATIO_SEVERITY**people.severity
    )


def _ratios_of_class(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Hazard ratios in a class and their shares: two flags and the quadrature of severity."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    family, alcohol = share_of_yes("family_history_dystonia", pair), share_of_yes("alcohol_response", pair)
    ratios = np.multiply.outer(
        np.multiply.outer([1, figures.SPREAD_RATIO_FAMILY], [1, figures.SPREAD_RATIO_ALCOHOL]),
        figures.SPREAD_RATIO_SEVERITY**nodes,
    )
    shares = np.multiply.outer(np.multiply.outer([1 - family, family], [1 - alcohol, alcohol]), weights / weights.sum())
    return ratios.ravel(), shares.ravel()


def _marginal_survival(uniform: np.ndarray, own_ratio: np.ndarray, pair: Pair) -> np.ndarray:
    """Return E[U^(M/m)]: where on the published curve of all patients this patient's event lies."""
    ratios, shares = _ratios_of_class(pair)
    log_own = np.log(uniform) / own_ratio
    # summed ratio by ratio: a matrix product may round a patient differently in a larger cohort
    total = np.zeros(len(uniform))
    for ratio, share in zip(ratios, shares, strict=True):
        total += share * np.exp(ratio * log_own)
    return total


def _time_at(curve: SpreadCurve, survival: np.ndarray) -> np.ndarray:
    risen = -np.log(free_of_spread(curve, _GRID_Y))
    return np.interp(-np.log(survival), risen, _GRID_Y, right=np.inf)
