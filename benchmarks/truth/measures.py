"""Figures of a model beside the oracle's."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax, xlogy

_LEAST = 1e-12


def losses(probability: np.ndarray, words: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the log-loss of each row; a label that the model does not know costs as much as a probability of 1e-12."""
    at = np.minimum(np.searchsorted(words, truth), len(words) - 1)
    own = np.where(words[at] == truth, probability[np.arange(len(truth)), at], 0.0)
    return -np.log(np.maximum(own, _LEAST))


def prior_losses(training: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the log-loss of the training shares, half a patient added to each label."""
    words, counts = np.unique(np.concatenate([training, truth]), return_counts=True)
    counts = np.array([(training == word).sum() + 0.5 for word in words])
    return losses(np.tile(counts / counts.sum(), (len(truth), 1)), words, truth)


def share(prior: np.ndarray, model: np.ndarray, oracle: np.ndarray) -> float:
    """Return the share of attainable information: above 1 is printed as it is."""
    return float((prior.mean() - model.mean()) / (prior.mean() - oracle.mean()))


def slope(probability: np.ndarray, words: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return the power of the probabilities that fits best, and its standard error; 1 where they mean what they say."""
    known = np.isin(truth, words)
    logs, at = np.log(np.maximum(probability[known], _LEAST)), np.searchsorted(words, truth[known])
    rows = np.arange(len(at))

    def loss(power: float) -> float:
        return -float(log_softmax(power * logs, axis=1)[rows, at].sum())

    best = float(minimize_scalar(loss, bounds=(0.1, 4.0), method="bounded").x)
    shares = softmax(best * logs, axis=1)
    information = ((shares * logs**2).sum(axis=1) - (shares * logs).sum(axis=1) ** 2).sum()
    return best, float(1.0 / np.sqrt(information))


def risk_losses(risk: np.ndarray, truly: np.ndarray) -> np.ndarray:
    """Return the expected log-loss of a risk where the oracle's is the truth."""
    return -(xlogy(truly, np.maximum(risk, _LEAST)) + xlogy(1.0 - truly, np.maximum(1.0 - risk, _LEAST)))
