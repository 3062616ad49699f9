"""Recordings: which file holds what, measured where, during which task, in which unit and at which rate."""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY
from pipeline.units import ACCELERATION_TO_G, ANGULAR_RATE_TO_DEG_PER_S, Unit
from pipeline.vocabulary import BODY_SITES, TASKS

RECORDINGS = (
    Column("recording_id", "id", "The recording.", required=True),
    *IDENTITY,
    Column("body_site", "category", "Where the sensor sat.", categories=BODY_SITES, required=True),
    Column("task", "category", "What the patient did.", categories=TASKS, required=True),
    Column("sensor", "category", "What was measured.", categories=("accelerometer", "gyroscope"), required=True),
    Column(
        "unit",
        "category",
        "Unit of the samples, declared.",
        categories=(*ACCELERATION_TO_G, *ANGULAR_RATE_TO_DEG_PER_S),
        required=True,
    ),
    Column("rate_hz", "number", "Nominal sampling rate.", unit=Unit.HERTZ, low=1, high=10_000, required=True),
    Column("file", "text", "CSV or Parquet with time_s, x, y, z; relative to the cohort's folder.", required=True),
)
