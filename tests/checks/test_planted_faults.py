"""Features that are wrong in known ways are found, and the message names what is wrong with them."""

import pytest

from pipeline.testing import FeatureCheckFailed, check_feature
from tests.checks.planted import PLANTED

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
