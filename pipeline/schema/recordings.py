"""Recordings: which file holds what, measured where, in which task, in which unit, at which rate, by which clock."""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY
from pipeline.units import SECONDS_IN, UNITS_OF_SENSOR, Unit
from pipeline.vocabulary import BODY_SITES, CLOCKS_OF_RECORDINGS, TASKS, UNSIDED_SITES

RECORDINGS = (
    Column("recording_id", "id", "The recording.", required=True),
    *IDENTITY,
    Column("body_site", "category", "Where the sensor sat.", categories=(*BODY_SITES, *UNSIDED_SITES), required=True),
    Column("side", "category", "Side of a limb, where body_site does not say it.", categories=("left", "right")),
    Column("task", "category", "What the patient did.", categories=TASKS, required=True),
    Column("sensor", "category", "What was measured.", categories=tuple(UNITS_OF_SENSOR), required=True),
    Column(
        "unit",
        "category",
        "Unit of the samples, declared.",
        categories=tuple(unit for units in UNITS_OF_SENSOR.values() for unit in units),
        required=True,
    ),
    Column("rate_hz", "number", "Nominal sampling rate.", unit=Unit.HERTZ, low=1, high=10_000, required=True),
    Column("file", "text", "CSV, Parquet or npz file; relative to the cohort's folder.", required=True),
    Column(
        "columns",
        "text",
        "The file's columns with the channels, in their order and joined with |; x|y|z (a pen: x|y) if empty. Where "
        "there is no header, columns go by their number from 1.",
    ),
    Column(
        "channels",
        "text",
        "What these are, in their order and joined with |: x, y, z; of an EMG muscle, antagonist, or other names; of a "
        "pen x, y, pressure. If empty, axes are in this order, and the one channel of an EMG is the muscle.",
    ),
    Column("time_column", "text", "The file's column of times; time_s if empty."),
    Column("time_unit", "category", "Unit of its numbers; needed unless it is time_s.", categories=tuple(SECONDS_IN)),
    Column("clock", "category", "What its numbers are; elapsed if empty.", categories=CLOCKS_OF_RECORDINGS),
    Column("header", "flag", "Whether a line of the CSV names its columns; yes if empty."),
    Column("skipped_lines_count", "number", "Lines of the CSV before that.", unit=Unit.COUNT, low=0, high=10_000),
    Column("delimiter", "category", "Between its fields; comma if empty.", categories=("comma", "semicolon", "tab")),
    Column("decimal", "category", "Decimal mark of its numbers; point if empty.", categories=("point", "comma")),
    Column(
        "scale_ratio",
        "number",
        "By what its numbers are multiplied to be in the unit; 1 if empty.",
        unit=Unit.RATIO,
        low=-1e9,
        high=1e9,
    ),
    Column(
        "full_scale_ratio",
        "number",
        "Largest reading that the sensor has, over the unit: 8 for a range of 8 g and samples in g.",
        unit=Unit.RATIO,
        low=1e-9,
        high=1e9,
    ),
)
