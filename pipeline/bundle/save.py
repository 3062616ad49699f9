"""What a bundle's folder holds, as members for `publish`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io

from pipeline.bundle.layout import CANARIES, FORMAT, MANIFEST, REPORT, REPORT_PAGE, STANDINGS
from pipeline.bundle.model import ModelBundle
from pipeline.bundle.settle import settled
from pipeline.bundle.standing import as_json
from pipeline.features.catalogue import fingerprints
from pipeline.features.plugins import load_plugin
from pipeline.publish import Staging
from pipeline.records import Cohort
from pipeline.report import html_page
from pipeline.versions import package_versions


def members_of(bundle: ModelBundle, canaries: Cohort, report: dict[str, Any]) -> Callable[[Staging], None]:
    """Return a function that writes a bundle into a staging folder; the manifest comes last, with all digests.

    Parameters
    ----------
    bundle : ModelBundle
    canaries : Cohort
        Synthetic visits; what the model says of them is stored, and asked again whenever it is loaded.
    report : dict
        Scores of the validation.
    """

    def write(staging: Staging) -> None:
        for model in bundle.models:
            staging.write(f"{model.target.name}.skops", lambda path, part=model: _dump(part, path))
        staging.write(CANARIES, lambda path: _write_canaries(bundle, canaries, path))
        staging.write_json(STANDINGS, as_json(bundle.standings))
        report_members(report)(staging)
        staging.write_json(MANIFEST, manifest(bundle, dict(staging.members)))

    return write


def report_members(report: dict[str, Any]) -> Callable[[Staging], None]:
    """Return a function that writes a report into a staging folder: its numbers, and the page to read."""

    def write(staging: Staging) -> None:
        staging.write_json(REPORT, report)
        staging.write(REPORT_PAGE, lambda path: _write_page(report, path))

    return write


def _write_page(report: dict[str, Any], path: Path) -> None:
    path.write_text(html_page(report), encoding="utf-8")


def manifest(bundle: ModelBundle, members: dict[str, str]) -> dict[str, Any]:
    """Return the manifest of a bundle: all but the fitted numbers."""
    columns = set(bundle.features)
    used = [feature for feature in bundle.known_features if columns & set(feature.spec.columns)]
    plugins = [load_plugin(name) for name in bundle.study.features.plugins]
    return {
        "format": FORMAT,
        "synthetic": bundle.synthetic,
        "study": asdict(bundle.study),
        "mapping": asdict(bundle.mapping) if bundle.mapping else {},
        "columns": list(bundle.features),
        "features": {name: asdict(each) for name, each in sorted(fingerprints(used).items())},
        "plugins": {each.name: {"distribution": each.distribution, "version": each.version} for each in plugins},
        "versions": package_versions(),
        "provenance": dict(bundle.provenance),
        "members": members,
    }


def _dump(model: Any, path: Path) -> None:
    content = {"estimator": model.estimator, "sets": dict(model.sets), "group_cuts": list(model.group_cuts)}
    path.write_bytes(settled(skops.io.dumps(content)))


def _write_canaries(bundle: ModelBundle, canaries: Cohort, path: Path) -> None:
    X = bundle.vectors(canaries)
    content = {
        "visits": table_to_json(canaries.visits),
        "treatments": table_to_json(canaries.treatments),
        "vectors": numbers_to_json(X),
        "predictions": {
            model.target.name: {
                name: numbers_to_json(values) if values.dtype.kind == "f" else values.tolist()
                for name, values in model.columns(X).items()
            }
            for model in bundle.models
        },
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def table_to_json(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a table as lists by column, NaN as None."""
    return {
        str(name): numbers_to_json(values.to_numpy()) if values.dtype.kind == "f" else values.tolist()
        for name, values in table.items()
    }


def numbers_to_json(values: np.ndarray) -> list[Any]:
    """Return numbers as nested lists, NaN as None; a float's shortest text reads back as the same float."""
    objects = values.astype(object)
    objects[np.isnan(values)] = None
    return objects.tolist()
