"""What somebody relies on who asks a registered model through MLflow or Spark instead of by `predict`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.bundle import load_bundle
from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.tracking.form_files import example_forms, write_form_files
from pipeline.tracking.form_model import FormModel
from pipeline.tracking.registry import Promotion, log_judgement
from pipeline.tracking.store import tracking_uri

ASKED = {"research_only": True}


@pytest.fixture(scope="module")
def model(clinic):
    return FormModel(load_bundle(clinic.good))


@pytest.fixture
def forms(clinic):
    """Forms as somebody has them in memory: numbers, and text for all else; ids that look like numbers."""
    table = pd.read_csv(clinic.held_out / "visits.csv", dtype=str, keep_default_na=False)[:60]
    numbers = example_forms().select_dtypes("float64").columns.intersection(table.columns)
    table = table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})
    return table.assign(patient_id="000" + table["patient_id"].str.removeprefix("P"))


def by_command(bundle, forms):
    """What `predict` says of the same forms."""
    forms.to_csv("forms.csv", index=False)
    asked = ["predict", str(bundle), "forms.csv", "--out", "by-command", "--research-only", "--quiet"]
    assert main(asked) == 0
    return pd.read_parquet("by-command/predictions-00000-of-00001.parquet")


def test_forms_in_memory_get_what_the_command_gives_them(clinic, model, forms):
    """Every column, to the last bit, in the order of the rows."""
    shuffled = forms.sample(frac=1.0, random_state=1)
    said = model.predict(shuffled, ASKED)
    command = by_command(clinic.good, shuffled)
    assert said.index.equals(shuffled.index)
    pd.testing.assert_frame_equal(
        said.reset_index(drop=True).drop(columns="rejected"),
        command.drop(columns=["source", "row"]),
        check_dtype=False,
        check_exact=True,
    )
    assert (said["rejected"] == "").all()


def test_a_row_that_is_no_form_costs_itself_only(model, forms):
    """It has its place and its reason; no number is made up for it."""
    odd = forms.assign(age_at_visit_y=np.where(np.arange(60) == 7, 310.0, forms["age_at_visit_y"]))
    said, without = model.predict(odd, ASKED), model.predict(forms.drop(index=7), ASKED)
    assert said.loc[7, "rejected"] == "OUT_OF_RANGE"
    assert said.loc[7, ["patient_id", "visit_id"]].tolist() == forms.loc[7, ["patient_id", "visit_id"]].tolist()
    assert said.filter(like="_p_").loc[7].isna().all()
    assert said.loc[7, "phenotype_abstained"]
    pd.testing.assert_frame_equal(said.drop(index=7), without)


def test_partitions_by_patient_change_nothing(model, forms):
    """Spark hands a table over in pieces, each with an index of its own: whoever keeps patients whole gets the same."""
    whole = model.predict(forms, ASKED)
    people = forms["patient_id"].unique()
    pieces = [forms[forms["patient_id"].isin(some)].reset_index(drop=True) for some in np.array_split(people, 4)]
    said = pd.concat([model.predict(piece, ASKED) for piece in pieces], ignore_index=True)
    keys = ["patient_id", "visit_id"]
    pd.testing.assert_frame_equal(
        said.sort_values(keys, ignore_index=True), whole.sort_values(keys, ignore_index=True), check_exact=True
    )


def test_no_forms_are_no_predictions(model, forms):
    """An empty partition is common in Spark."""
    said = model.predict(forms[:0], ASKED)
    assert len(said) == 0
    assert list(said) == list(model.columns())


def test_a_model_of_synthetic_people_asks_before_it_speaks_of_others(model, forms):
    with pytest.raises(UsageError, match="research-only"):
        model.predict(forms)
    assert model.predict(forms, ASKED)["warnings"].str.contains("RESEARCH_ONLY").all()


def test_nothing_that_is_logged_beside_a_bundle_is_code_or_pickle(clinic):
    """`MLmodel` names an installed module; the example is of synthetic people and fits the signature."""
    Path("files").mkdir()
    write_form_files(load_bundle(clinic.good), Path("files"))
    assert sorted(path.name for path in Path("files").iterdir()) == [
        "MLmodel",
        "input_example.json",
        "requirements.txt",
        "serving_input_example.json",
    ]
    assert "loader_module: pipeline.tracking.form_model" in Path("files/MLmodel").read_text()
    assert json.loads(Path("files/serving_input_example.json").read_text())["params"] == ASKED


def test_mlflow_models_predict_gives_the_probabilities_of_the_command(clinic, forms):
    """In a process of its own, offline, from the registry, by the name and by the example that is logged."""
    log_judgement(Promotion("intake", "champion", None), "quick", {}, {}, (clinic.good, load_bundle(clinic.good)))
    cells = forms.astype(object).where(forms.notna() & (forms != ""), None).to_numpy().tolist()
    split = {"columns": list(forms), "data": cells}
    Path("in.json").write_text(json.dumps({"dataframe_split": split, "params": ASKED}))
    mlflow = [sys.executable, "-m", "mlflow", "models", "predict", "--env-manager", "local"]
    # a proxy that is not there: whoever asked the network would fail
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = os.environ | {"MLFLOW_TRACKING_URI": tracking_uri(), "MLFLOW_DISABLE_TELEMETRY": "true"} | offline
    subprocess.run(
        [*mlflow, "-m", "models:/intake@champion", "-i", "in.json", "-o", "out.json"], env=environment, check=True
    )
    said = pd.DataFrame(json.loads(Path("out.json").read_text())["predictions"])
    command = by_command(clinic.good, forms)
    probabilities = [name for name in command if "_p_" in name]
    assert said["patient_id"].tolist() == command["patient_id"].tolist()
    np.testing.assert_allclose(said[probabilities], command[probabilities], rtol=0, atol=1e-15)
    assert said["phenotype_set"].tolist() == command["phenotype_set"].tolist()
