"""Options that several commands take, declared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, get_args

import click

from pipeline.config import load_mapping
from pipeline.engine import Cluster
from pipeline.reading.options import Options, ShortRecordings
from pipeline.units import DECIMAL_MARKS

NOT_GOOD_ENOUGH = 3
"""Exit code of work that is done, but not well enough: too many visits rejected, or a gate of `promote` failed."""

FOLDER = click.Path(path_type=Path)

bundle_argument = click.argument("bundle", type=FOLDER, metavar="BUNDLE")
cohort_argument = click.argument("cohort", type=click.Path(path_type=Path, allow_dash=True))
quiet_option = click.option("--quiet", is_flag=True, help="No progress lines.")
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace what is there, in one step.")
format_option = click.option("--format", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
jobs_option = click.option(
    "--jobs", type=click.IntRange(0), default=1, show_default=True, help="Processes that share the work; 0: all cores."
)
max_rejected_option = click.option(
    "--max-rejected",
    type=click.FloatRange(0.0, 1.0),
    default=0.1,
    show_default=True,
    metavar="FRACTION",
    help="Exit with 3 if a larger share of the visits is rejected.",
)
research_only_option = click.option(
    "--research-only", is_flag=True, help="Use a model of synthetic data on other data; the warning stands with it."
)
allow_version_option = click.option(
    "--allow-version", is_flag=True, help="Accept a model of another scikit-learn version."
)
trusted_key_option = click.option(
    "--trusted-key",
    type=FOLDER,
    envvar="DYSTONIA_TRUSTED_KEY",
    metavar="FILE",
    help="Refuse a model that is not signed with this public key; also as DYSTONIA_TRUSTED_KEY.",
)

_CLUSTER = (
    click.option(
        "--cluster", metavar="local|ADDRESS", help="A Dask cluster; local starts one of --jobs processes here."
    ),
    click.option("--insecure-cluster", is_flag=True, help="Speak without TLS to a scheduler on another machine."),
    click.option(
        "--allow-mixed-workers", is_flag=True, help="Accept workers of other versions: last digits may differ."
    ),
)

_READING = (
    click.option("--mapping", metavar="NAME|FILE", help="Reads a table of another layout, such as cervical-trial."),
    click.option("--strict", is_flag=True, help="Refuse columns that are not known."),
    click.option("--unknown-as-missing", is_flag=True, help="Read a category that is not known as not recorded."),
    click.option("--delimiter", default=",", metavar="CHAR", help="Between the fields of a CSV; '\\t' for a tab."),
    click.option(
        "--decimal", type=click.Choice([*DECIMAL_MARKS]), default=".", show_default=True, help="Of numbers in text."
    ),
    click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d"]),
        default=Options.as_of,
        show_default=True,
        metavar="DATE",
        help="Reject visits that are dated later, such as after the day of the export.",
    ),
    click.option(
        "--sort-timestamps", is_flag=True, help="Sort recordings whose clock goes back; they are left out else."
    ),
    click.option(
        "--short-recordings",
        type=click.Choice(get_args(ShortRecordings)),
        default=Options.short_recordings,
        show_default=True,
        help="Whether a recording shorter than one window is left out, or its visit rejected.",
    ),
    click.option(
        "--max-io-errors",
        type=click.IntRange(0),
        default=Options.max_io_errors,
        show_default=True,
        metavar="N",
        help="Fail if the system cannot read more signal files.",
    ),
)


_AS_THEY_ARE = ("strict", "unknown_as_missing", "decimal", "sort_timestamps", "short_recordings", "max_io_errors")


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options with which a cohort is read; the command gets them as ``options``, an `Options`."""

    @wraps(function)
    def with_options(*arguments: Any, mapping: str | None, delimiter: str, as_of: datetime, **rest: Any) -> Any:
        delimiter = delimiter.replace("\\t", "\t")
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
            raise click.UsageError("--delimiter takes one character, such as ';'.")
        options = Options(
            mapping=load_mapping(mapping) if mapping else None,
            delimiter=delimiter,
            as_of=as_of.strftime("%Y-%m-%d"),
            **{name: rest.pop(name) for name in _AS_THEY_ARE},
        )
        return function(*arguments, options=options, **rest)

    for option in reversed(_READING):
        with_options = option(with_options)
    return with_options


def cluster_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a cluster; the command gets them as ``cluster``, a `Cluster` or None."""

    @wraps(function)
    def with_cluster(
        *arguments: Any, cluster: str | None, insecure_cluster: bool, allow_mixed_workers: bool, **rest: Any
    ) -> Any:
        chosen = Cluster(cluster, insecure_cluster, allow_mixed_workers) if cluster else None
        return function(*arguments, cluster=chosen, **rest)

    for option in reversed(_CLUSTER):
        with_cluster = option(with_cluster)
    return with_cluster


def rejection_exit_code(counts: Mapping[str, int], max_rejected: float) -> int:
    """Return 3 where a larger share of the visit records was rejected than is allowed, else 0.

    Examples
    --------
    >>> rejection_exit_code({"predicted": 8, "rejected": 2}, 0.1)
    3
    """
    total = counts["predicted"] + counts["rejected"]
    return NOT_GOOD_ENOUGH if total and counts["rejected"] / total > max_rejected else 0
