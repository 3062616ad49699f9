"""A saved model as MLflow itself asks it: a table of forms in, predictions out, through our own reader and loader.

The ``MLmodel`` file that is logged beside a bundle names this module, and holds no code: whoever runs
``mlflow models predict`` or ``spark_udf`` runs what is installed here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import spill
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.partition import read_whole
from pipeline.reading.options import Options
from pipeline.reading.source import open_source
from pipeline.tracking.registered import BUNDLE
from pipeline.writing import to_arrow, write_table

RESEARCH_ONLY = "research_only"
REJECTED = "rejected"
_WHERE = ("source", "row")
_NOTHING: dict[str, Any] = {"f": np.nan, "b": True}
"""What stands in the columns of a rejected form, by kind: no number, and ``abstained``; empty text else."""


class FormModel:
    """A bundle that is asked with tables of forms.

    Parameters
    ----------
    bundle : ModelBundle
    """

    def __init__(self, bundle: ModelBundle) -> None:
        self.bundle = bundle

    def predict(self, table: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Predict each row, with what the rows of the same patient in this very table say of the past.

        Parameters
        ----------
        table : DataFrame
            Columns of visits as in the data dictionary; each cell is judged as one of a file is.
        params : mapping, optional
            ``research_only``: let a model of synthetic data answer; every row then says so.

        Returns
        -------
        DataFrame
            One row for each, in the same order: the columns that ``predict`` writes, without ``source`` and ``row``,
            and ``rejected``, the reasons for which a row was not predicted.

        Raises
        ------
        UsageError
            If the model was trained on synthetic data and ``research_only`` is not given.
        ContractError
            If the table as a whole breaks the contract.
        """
        self.bundle.refuse_real(synthetic=bool((params or {}).get(RESEARCH_ONLY)))
        with spill.folder() as folder:
            write_table(to_arrow(table.reset_index(drop=True)), folder / "visits.parquet", "parquet")
            cohort = read_whole(open_source(folder / "visits.parquet", Options()), Options(), folder)
        predicted = self.bundle.marked(self.bundle.predict(cohort), synthetic=False).set_index("row")
        every = pd.RangeIndex(1, len(table) + 1)
        found = {
            str(name): values.reindex(every, fill_value=_NOTHING.get(values.dtype.kind, ""))
            for name, values in predicted.drop(columns="source").items()
        }
        rejects = cohort.rejects.set_index("row")
        for name in ("patient_id", "visit_id"):
            found[name] = found[name].where(~every.isin(rejects.index), rejects[name].reindex(every))
        found[REJECTED] = rejects["reasons"].reindex(every, fill_value="")
        return pd.DataFrame(found).set_axis(table.index)

    def columns(self) -> dict[str, str]:
        """Return the name and numpy kind of each column of the predictions."""
        empty = self.bundle.empty().drop(columns=list(_WHERE)).assign(**{REJECTED: ""})
        return {str(name): values.dtype.kind for name, values in empty.items()}


def _load_pyfunc(path: str) -> FormModel:
    """Load the bundle beside an ``MLmodel`` file, for mlflow."""
    key = os.environ.get("DYSTONIA_TRUSTED_KEY")
    return FormModel(load_bundle(Path(path) / BUNDLE, trusted_key=Path(key) if key else None))
