"""The files that make a bundle a model of MLflow's, beside it: ``MLmodel``, its requirements, and an example."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.bundle import ModelBundle
from pipeline.cohort_files.tables import arrow_of
from pipeline.schema import TABLES
from pipeline.synthetic.canaries import canaries
from pipeline.tracking.form_model import RESEARCH_ONLY, FormModel
from pipeline.versions import package_versions

LOADER = "pipeline.tracking.form_model"
SERVING_EXAMPLE = "serving_input_example.json"
_EXAMPLE = "input_example.json"
_PEOPLE_SHOWN = 5


def write_form_files(bundle: ModelBundle, folder: Path) -> None:
    """Write what MLflow needs beside ``bundle/``: the signature, and some synthetic people to try it with.

    No file of these is code or pickle: ``MLmodel`` names a module that is installed with the pipeline.
    """
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

    kinds = {"f": DataType.double, "b": DataType.boolean}
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.double if column.kind == "number" else DataType.string, column.name, required=column.required)
        for column in TABLES["visits"]
    ]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(kinds.get(kind, DataType.string), name) for name, kind in FormModel(bundle).columns().items()
    ]
    params = ParamSchema([ParamSpec(RESEARCH_ONLY, DataType.boolean, default=False)])
    about = {"artifact_path": _EXAMPLE, "serving_input_path": SERVING_EXAMPLE}
    model = Model(
        signature=ModelSignature(Schema(inputs), Schema(outputs), params),
        saved_input_example_info={**about, "type": "dataframe", "pandas_orient": "split"},
    )
    model.add_flavor("python_function", loader_module=LOADER, python_version=platform.python_version())
    model.save(str(folder / "MLmodel"))
    pinned = [f"{name}=={number}\n" for name, number in package_versions().items()]
    (folder / "requirements.txt").write_text("".join(pinned), encoding="utf-8")
    example = _split(example_forms())
    _write_json(folder / _EXAMPLE, example)
    params_shown = {"params": {RESEARCH_ONLY: True}} if bundle.synthetic else {}
    _write_json(folder / SERVING_EXAMPLE, {"dataframe_split": example, **params_shown})


def example_forms() -> pd.DataFrame:
    """Return forms of some synthetic people, as they are given to the model: numbers, and text for all else.

    Examples
    --------
    >>> "patient_id" in example_forms()
    True
    """
    cohort = canaries()
    people = list(dict.fromkeys(cohort.groups))[:_PEOPLE_SHOWN]
    shown = cohort.visits[cohort.visits["patient_id"].isin(people)]
    forms = arrow_of(shown, TABLES["visits"], synthetic=True).to_pandas()
    return forms.dropna(axis="columns", how="all")


def _split(table: pd.DataFrame) -> dict[str, Any]:
    values = table.astype(object).where(table.notna(), None)
    return {"columns": [str(name) for name in table], "data": values.to_numpy().tolist()}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
