"""One fixed job of numpy and scikit-learn: the unit in which other benchmarks are told.

CPU seconds differ from machine to machine. A benchmark's share of this job's seconds differs much less, so it can be
compared with one that was measured elsewhere.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

_SEED = 20261122


def _job() -> float:
    random = np.random.default_rng(_SEED)
    signals = random.standard_normal((6_000, 3, 1_024))
    power = np.square(np.abs(np.fft.rfft(signals, axis=-1))).sum(axis=1)
    X = np.log(power[:, :80])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    weights = random.standard_normal((80, 6))
    y = (X @ weights + random.gumbel(size=(6_000, 6))).argmax(axis=1)
    linear = LogisticRegression(C=0.1, max_iter=300).fit(X, y)
    trees = HistGradientBoostingClassifier(max_iter=25, max_leaf_nodes=31, early_stopping=False, random_state=0).fit(
        X, y
    )
    return float(linear.score(X, y) + trees.score(X, y))


def reference_cpu_seconds() -> float:
    """Return the CPU seconds of the job on one thread, the fewest of three runs after one to warm up."""
    with threadpool_limits(limits=1):
        _job()
        return min(_measured() for _ in range(3))


def _measured() -> float:
    start = time.process_time()
    _job()
    return time.process_time() - start


if __name__ == "__main__":
    print(f"reference: {reference_cpu_seconds():.3f} CPU s")
