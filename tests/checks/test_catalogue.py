"""Every feature of the catalogue keeps what it declares."""

import os

import pytest

from pipeline.features.catalogue import CATALOGUE
from pipeline.testing import check_feature

# the nightly run draws as many as its profile says: thousands
FEW = None if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 3


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.spec.name)
def test_a_feature_keeps_what_it_declares(feature):
    """Training, serving and whoever reads a table rely on the declarations; this is where they are held to them."""
    check_feature(feature, examples=FEW)
