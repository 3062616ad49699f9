"""Recordings rendered from what a visit's sensors show: motion, body, sensor, device; pens and muscles; files.

All of it is made of the *blurred* latents, and of nuisance that knows nothing of the class: whatever is computed from
the signals can therefore not tell more of the class than the measurement oracle is told (data processing inequality).
"""
