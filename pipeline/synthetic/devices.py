"""Movement sensors and the noise of their accelerometers."""

from __future__ import annotations

from pipeline.synthetic.epidemiology import value

DEVICES: dict[str, float] = {
    device: value(f"device.{device}.accel_noise")
    for device in ("bmi270", "bmi160", "icm20602", "icm42688", "lsm6dsv", "smartwatch")
}
"""Density of the noise in micro-g / sqrt(Hz)."""
