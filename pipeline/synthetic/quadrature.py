"""The grid on which the hidden effects are summed out: Gauss-Hermite nodes for severity and burden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.figures import BURDEN_FOLLOWS_SEVERITY

NODES = 27
"""Nodes of severity, so that doubling them moves no probability by more than 1e-6 (`make oracle` measures it)."""

_BURDEN_OVER_SEVERITY = 2 / 3
"""Burden has fewer nodes: it bears on few items, and 17 nodes of it err less than 27 of severity."""

_NEGLIGIBLE = 1e-11
"""Nodes of less weight are left out: 21 of severity and 16 of burden remain, and no probability moves by 1e-8."""


@dataclass(frozen=True)
class Grid:
    """Nodes of both effects and the weight of each pair of nodes.

    Attributes
    ----------
    severity, burden : ndarray
    weights : ndarray, shape (len(severity), len(burden))
        Adds up to 1, but for what the nodes weigh that are left out.
    """

    severity: np.ndarray
    burden: np.ndarray
    weights: np.ndarray


def normal_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights that integrate over a standard normal distribution.

    Examples
    --------
    >>> nodes, weights = normal_nodes(5)
    >>> float(weights @ nodes**2).__round__(9)
    1.0
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(number)
    return nodes, weights / weights.sum()


def grid_of(number: int = NODES) -> Grid:
    """Return the grid of both effects, from this number of nodes of severity.

    The nodes are those of two independent effects; their correlation is in the weights, as the ratio of the densities,
    so that each effect keeps nodes of its own and the likelihood of an item is tabulated over one of them.
    """
    severity, usual = normal_nodes(number)
    burden, other = normal_nodes(round(number * _BURDEN_OVER_SEVERITY))
    along, across = severity[:, None], burden[None, :]
    rho = BURDEN_FOLLOWS_SEVERITY
    ratio = np.exp(-(rho**2 * (along**2 + across**2) - 2 * rho * along * across) / (2 * (1 - rho**2)))
    weights = np.outer(usual, other) * ratio / np.sqrt(1 - rho**2)
    rows, columns = (weights.sum(axis=axis) > _NEGLIGIBLE for axis in (1, 0))
    return Grid(severity[rows], burden[columns], weights[np.ix_(rows, columns)])
