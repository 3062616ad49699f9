"""A synthetic cohort from a recipe and a seed, with the truth behind it."""

from pipeline.synthetic.canaries import canaries
from pipeline.synthetic.cohort import SyntheticCohort, generate
from pipeline.synthetic.writing import write_cohort

__all__ = ["SyntheticCohort", "canaries", "generate", "write_cohort"]
