"""Every feature of the catalogue keeps what it declares; `make nightly` asks the same with thousands of inputs."""

import pytest

from pipeline.features.catalogue import CATALOGUE
from pipeline.testing import check_features
from pipeline.testing.checks import groups

FEW = 10


@pytest.mark.parametrize("alike", groups(CATALOGUE), ids=lambda alike: f"{alike[0].spec.name}+{len(alike) - 1}")
def test_features_keep_what_they_declare(alike):
    """Training, serving and whoever reads a table rely on the declarations; this is where they are held to them."""
    check_features(alike, examples=FEW)
