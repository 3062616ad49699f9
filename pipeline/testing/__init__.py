"""Hypothesis strategies for cohorts and signals, and a check of every feature: for our tests, and for your own.

Needs the extra ``testing``. Nothing else in the package imports it.
"""

from pipeline.testing.broken import FeatureCheckFailed
from pipeline.testing.checks import check_feature, check_features
from pipeline.testing.recordings import recordings, signals
from pipeline.testing.tables import cohorts, complete_cohorts, findings_cells, outcomes, treatments, visits

__all__ = [
    "FeatureCheckFailed",
    "check_feature",
    "check_features",
    "cohorts",
    "complete_cohorts",
    "findings_cells",
    "outcomes",
    "recordings",
    "signals",
    "treatments",
    "visits",
]
