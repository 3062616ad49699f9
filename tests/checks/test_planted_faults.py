"""Features that are wrong in known ways are found, and the message names what is wrong with them."""

import pytest

from pipeline.features.catalogue import CATALOGUE
from pipeline.testing import FeatureCheckFailed, check_feature, check_features
from tests.checks.planted import PLANTED
from tests.checks.planted.whose import filled_points

EXAMPLES = 40


@pytest.mark.parametrize(("feature", "properties"), PLANTED, ids=lambda each: getattr(each, "__name__", "breaks"))
def test_a_planted_fault_is_found_by_its_name(feature, properties):
    """Whoever writes a wrong feature is told which property it breaks, on an input small enough to read."""
    with pytest.raises(FeatureCheckFailed, match="Smallest input found: ") as raised:
        check_feature(feature, examples=EXAMPLES)
    assert raised.value.property in properties
    assert f"feature {feature.spec.name} breaks '{raised.value.property}'" in str(raised.value)


def test_enough_is_planted():
    assert len(PLANTED) >= 50
    assert len({properties for _, properties in PLANTED}) >= 18


def test_a_wrong_feature_among_right_ones_is_named():
    """Features that are checked together share their input; who breaks a property is still told by name."""
    right = [feature for feature in CATALOGUE if feature.spec.level == "record"][:20]
    with pytest.raises(FeatureCheckFailed, match="feature filled_points breaks '") as raised:
        check_features([*right, filled_points], examples=EXAMPLES)
    assert raised.value.feature == "filled_points"
