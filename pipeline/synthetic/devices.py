"""Movement sensors and the noise of their accelerometers."""

from __future__ import annotations

DEVICES: dict[str, float] = {
    "bmi270": 160.0,
    "bmi160": 150.0,
    "icm20602": 100.0,
    "icm42688": 75.0,
    "lsm6dsv": 60.0,
    "smartwatch": 200.0,  # M
}
"""Density of the noise in micro-g / sqrt(Hz); V data sheets, where no mark stands."""
