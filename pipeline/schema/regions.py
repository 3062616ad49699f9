"""Which body regions dystonia holds, as found on examination. The phenotype is nearly a rule of them."""

from pipeline.records import Column
from pipeline.vocabulary import REGIONS

REGION_FLAGS = tuple(
    Column(
        f"dystonia_{region}",
        "flag",
        f"Dystonia of the {region.replace('_', ' ')}.",
        known_at="examination",
        defines=("phenotype",),
    )
    for region in REGIONS
)
