"""Movement sensors: noise, range, rate, and how their software writes a file. Marks as in `figures`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.synthetic.epidemiology import value
from pipeline.units import UNITS_OF_SENSOR

_CORNER = 0.4
"""A: share of the sampling rate at which a device's filter lets half of the power through."""


@dataclass(frozen=True)
class Export:
    """How the software of a device writes a CSV file.

    Attributes
    ----------
    acceleration, turning : str
        Units, as our table of recordings names them.
    time_unit, clock : str
        Likewise.
    delimiter, decimal : str
        The names of the characters.
    header : bool
    order : tuple of str
        The axes as the columns have them.
    """

    acceleration: str = "g"
    turning: str = "deg/s"
    time_unit: str = "us"
    clock: str = "elapsed"
    delimiter: str = "comma"
    decimal: str = "point"
    header: bool = True
    order: tuple[str, str, str] = ("x", "y", "z")


@dataclass(frozen=True)
class Device:
    """A movement sensor.

    Attributes
    ----------
    noise_ug : float
        Density of the accelerometer's noise in micro-g / sqrt(Hz).
    turning_noise : float
        Density of the gyroscope's in deg/s / sqrt(Hz).
    rate_hz : float
    range_g, range_deg_per_s : float
        Full scale.
    export : Export
    """

    noise_ug: float
    turning_noise: float
    rate_hz: float
    range_g: float
    range_deg_per_s: float
    export: Export = Export()

    def passes(self, hertz: float) -> float:
        """Return the share of an oscillation's amplitude that the filter before the samples lets through.

        Second order, Butterworth.

        Examples
        --------
        >>> round(DEVICES["bmi270"].passes(5.0), 4), round(DEVICES["bmi160"].passes(10.0), 3)
        (0.9999, 0.707)
        """
        return 1 / math.sqrt(1 + (hertz / (_CORNER * self.rate_hz)) ** 4)

    def full_scale(self, sensor: str) -> float:
        """Return the end of the range in our unit of the sensor."""
        return self.range_g if sensor == "accelerometer" else self.range_deg_per_s

    def noise(self, sensor: str) -> float:
        """Return the standard deviation of a sample's noise in our unit of the sensor."""
        density = self.noise_ug * 1e-6 if sensor == "accelerometer" else self.turning_noise
        return density * math.sqrt(self.rate_hz / 2)

    def written_in(self, sensor: str) -> tuple[str, float]:
        """Return the unit in which its software writes a sensor, and by what that is multiplied to be in ours."""
        unit = self.export.acceleration if sensor == "accelerometer" else self.export.turning
        return unit, UNITS_OF_SENSOR[sensor][unit]


# A: rates, ranges and files
_BOARDS = {
    "bmi270": (100.0, 8.0, 2000.0, Export()),
    "bmi160": (25.0, 4.0, 1000.0, Export(time_unit="ms", clock="deltas", header=False)),
    "icm20602": (200.0, 16.0, 2000.0, Export(acceleration="mg", time_unit="ns", delimiter="tab")),
    "icm42688": (128.0, 8.0, 1000.0, Export(turning="rad/s", order=("y", "x", "z"))),
    "lsm6dsv": (120.0, 4.0, 500.0, Export(acceleration="m/s^2", clock="unix", time_unit="ms", delimiter="semicolon")),
}
_WATCH = Export("m/s^2", "rad/s", clock="unix", time_unit="ms", delimiter="semicolon", decimal="comma")

DEVICES: dict[str, Device] = {
    **{
        name: Device(value(f"device.{name}.accel_noise"), value(f"device.{name}.gyro_noise"), *board)
        for name, board in _BOARDS.items()
    },
    "smartwatch": Device(
        value("device.smartwatch.accel_noise"),
        value("device.research_imu.gyro_noise"),
        value("device.smartwatch.sampling_rate"),
        8.0,
        2000.0,
        _WATCH,
    ),
}
