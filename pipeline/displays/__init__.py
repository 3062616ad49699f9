"""The figures of the report for figures of one's own, after the manner of scikit-learn's ``Display`` classes.

Each is made from predictions, from an estimator, or from what stands in ``report.json``, and draws what the report
draws: counts of 1 to 4 people are hidden here too.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> risk = rng.uniform(size=300)
>>> display = CalibrationDisplay.from_predictions(rng.uniform(size=300) < risk, risk)
>>> display.ax_.get_ylabel()
'observed share'
"""

from pipeline.displays.labels import ConfusionDisplay, DiscriminationDisplay, SelectiveAccuracyDisplay
from pipeline.displays.outcomes import CalibrationDisplay, NetBenefitDisplay
from pipeline.displays.reasons import ReasonsDisplay

__all__ = [
    "CalibrationDisplay",
    "NetBenefitDisplay",
    "ConfusionDisplay",
    "DiscriminationDisplay",
    "SelectiveAccuracyDisplay",
    "ReasonsDisplay",
]
