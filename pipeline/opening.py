"""A saved model and a cohort for it: what predicting, judging and promoting begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.bundle import ModelBundle, load_bundle, refuse_changed_sensors, tell_exposed
from pipeline.reading.options import Options
from pipeline.reading.source import Source, open_source


def open_model_and_cohort(
    bundle_path: Path,
    path: Path,
    options: Options | None,
    *,
    outcomes: bool = False,
    research_only: bool,
    allow_version: bool,
    trusted_key: Path | None,
    warn: Callable[[str], None],
) -> tuple[ModelBundle, Source, Options]:
    """Load a model after checking all of it, and find out what the cohort's files are.

    Parameters
    ----------
    bundle_path, path : Path
        The model and the cohort.
    options : Options, optional
        How the cohort is read; the model's own mapping is used if none is given.
    outcomes : bool
        Whether the outcomes are read too, with those columns that the model's study names.
    research_only : bool
        Let a model of synthetic data be used on input that is not marked synthetic.
    allow_version : bool
        Accept a model of another scikit-learn version.
    trusted_key : Path, optional
        Public key without whose signature a model is refused.
    warn : callable
        Is told of what may be wrong, a line at a time.

    Returns
    -------
    bundle : ModelBundle
    source : Source
    options : Options
        With the mapping and the outcome columns that hold.

    Raises
    ------
    PipelineError
        If either cannot be used, or the two do not go together.
    """
    bundle = load_bundle(bundle_path, allow_version=allow_version, trusted_key=trusted_key, sensors=False)
    options = options or Options()
    tell_exposed(bundle_path, strict=options.strict, warn=warn)
    options = replace(options, mapping=options.mapping or bundle.mapping)
    if outcomes:
        options = replace(options, outcome_columns=bundle.study.outcome_columns)
    source = open_source(path, options, outcomes=outcomes)
    if "recordings" in source.tables:
        refuse_changed_sensors(bundle_path, bundle)
    bundle.refuse_real(synthetic=source.synthetic or research_only)
    return bundle, source, options
