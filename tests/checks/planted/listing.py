"""How a wrong feature is listed with what it breaks, and what most of them declare."""

import numpy as np

from pipeline.features.places import on
from pipeline.features.spec import record_feature, window_feature
from pipeline.units import Unit

PLANTED = []
SCORE = "gdrs_total_points"
ANY = (-np.inf, np.inf)
TOXIN = "botulinum_toxin"


def breaks(*properties):
    """List a feature with the properties that it breaks; the message has to name one of them."""

    def listed(feature):
        PLANTED.append((feature, properties))
        return feature

    return listed


def form(unit=Unit.POINTS, **changed):
    declared = {"unit": unit, "bounds": ANY, "source": "planted", "missing_when": "not asked"} | changed
    return record_feature(**declared)


def worn(unit=Unit.G, **changed):
    declared = {"unit": unit, "bounds": ANY, "source": "planted", "outputs": on(["head"], ["rest"], "median")}
    return window_feature(**declared | changed)
