"""Gates and difficulty of the synthetic cohorts' oracle: ``python -m benchmarks.oracle``."""
