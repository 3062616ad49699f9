"""Recordings rendered from what a visit's sensors show: motion, body, sensor, device; pens and muscles; files.

A signal is made of the latents of its visit, with the part of the oracle's error that is the body's, and of nuisance
that knows nothing of the class. The rest of that error is left to whoever reads the signal: together they are what the
measurement oracle assumes, as measured by ``python -m benchmarks.oracle.signals``.
"""
