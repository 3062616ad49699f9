"""How near trained models come to the best possible answer: ``python -m benchmarks.truth``."""
