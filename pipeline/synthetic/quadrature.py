"""The grid on which the hidden effects are summed out: Gauss-Hermite nodes for severity and burden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.figures import BURDEN_FOLLOWS_SEVERITY

NODES = 33
"""Nodes an effect, so that doubling them moves no probability by more than 1e-6 (`make oracle` measures it)."""


@dataclass(frozen=True)
class Grid:
    """Nodes of both effects and the weight of each pair of nodes.

    Attributes
    ----------
    severity, burden : ndarray, shape (nodes,)
    weights : ndarray, shape (nodes, nodes)
        Severity by burden; adds up to 1.
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
    """Return the grid of both effects.

    The nodes are those of two independent effects; their correlation is in the weights, as the ratio of the densities,
    so that each effect keeps nodes of its own and the likelihood of an item is tabulated over one of them.
    """
    nodes, weights = normal_nodes(number)
    along, across = nodes[:, None], nodes[None, :]
    rho = BURDEN_FOLLOWS_SEVERITY
    ratio = np.exp(-(rho**2 * (along**2 + across**2) - 2 * rho * along * across) / (2 * (1 - rho**2)))
    joint = np.outer(weights, weights) * ratio / np.sqrt(1 - rho**2)
    return Grid(nodes, nodes, joint)
