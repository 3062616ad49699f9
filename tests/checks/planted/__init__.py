"""Features that are wrong, each in a way of its own, as people write them; `check_feature` has to find every one.

Each stands at the top of its module, as features do, under the property that it breaks.
"""

from tests.checks.planted import computed, declared, returned, survived, when, whose, wider
from tests.checks.planted.listing import PLANTED

__all__ = ["PLANTED", "computed", "declared", "returned", "survived", "when", "whose", "wider"]
