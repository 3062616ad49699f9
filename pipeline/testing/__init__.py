"""Hypothesis strategies for cohorts, recordings and signals: for our tests, and for those of who adds a feature.

Needs the extra ``testing``. Nothing else in the package imports it.
"""

from pipeline.testing.recordings import recordings, signals
from pipeline.testing.tables import cohorts, findings_cells, visits

__all__ = ["cohorts", "findings_cells", "recordings", "signals", "visits"]
