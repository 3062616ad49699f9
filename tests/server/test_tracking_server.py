"""What a clinic relies on that keeps its runs and models on a server: users, the registry, and answers by its name."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_recipe
from pipeline.generate import generate

pytestmark = pytest.mark.server

NAME = "models:/intake@champion"
STUDY = (
    'name = "quick"\ntitle = "Which of three"\nfolds = 2\n[[targets]]\nname = "phenotype"\nkind = "classification"\n'
)
SPARK = """
import sys
import mlflow
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import struct

spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
spark = spark.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
table = spark.createDataFrame(pd.read_parquet("forms.parquet")).repartition(3, "patient_id")
ask = mlflow.pyfunc.spark_udf(spark, sys.argv[1], env_manager="local", params={"research_only": True})
table.withColumn("said", ask(struct(*table.columns))).select("said.*").toPandas().to_parquet("spark.parquet")
spark.stop()
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Whom to train on, and whom neither model saw."""
    root = tmp_path_factory.mktemp("people")
    of = {"cervical/idiopathic_isolated": 2.0, "laryngeal/idiopathic_isolated": 1.0, "healthy/not_dystonia": 1.0}
    for name, patients, seed in (("cohort", 120, 3), ("held-out", 320, 9)):
        generate(root / name, replace(load_recipe("demo"), classes=of), patients=patients, seed=seed)
    (root / "forms").mkdir()
    for name in ("visits.parquet", "cohort.json"):
        shutil.copy(root / "held-out" / name, root / "forms" / name)
    (root / "study.toml").write_text(STUDY)
    return root


def train(server, people, user, *options, **more):
    asked = ["train", people / "cohort", "--study", people / "study.toml", "--quiet", "--out", people / "model"]
    return server.dystonia(user, *asked, *options, **more)


def test_train_promote_and_predict_by_name(server, people):
    """The scientist trains and promotes; the operator, who may only read, predicts the same bytes."""
    done = train(server, people, "scientist", "--require-tracking")
    assert done.returncode == 0, done.stderr
    server.rows.append(("`train --require-tracking`, as a scientist", "exit 0; run, figures, bundle on the server"))

    done = server.dystonia("scientist", "promote", people / "model", people / "held-out", "--name", "intake", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == "1"
    server.rows.append(("`promote --name intake`", "exit 0; version 1 is `champion`"))

    for bundle, out in ((people / "model", "folder"), (NAME, "named")):
        done = server.dystonia("operator", "predict", bundle, people / "forms", "--out", people / out, "--quiet")
        assert done.returncode == 0, done.stderr
    one, other = ((people / out / "predictions-00000-of-00001.parquet").read_bytes() for out in ("folder", "named"))
    assert one == other
    server.rows.append(
        (f"`predict {NAME}`, as an operator who may only read", "exit 0; the same bytes as from the folder")
    )


def forms_and_answers(people):
    forms = pd.read_parquet(people / "forms" / "visits.parquet")
    said = pd.read_parquet(people / "named" / "predictions-00000-of-00001.parquet")
    return forms, said.set_index(["patient_id", "visit_id"])[[name for name in said if "_p_" in name]]


def largest_difference(found, said):
    assert set(found.index) == set(said.index)
    return float(np.abs(found.loc[said.index, list(said)].to_numpy(float) - said.to_numpy()).max())


def test_mlflow_models_predict_gives_the_same_probabilities(server, people):
    forms, said = forms_and_answers(people)
    cells = forms.astype(object).where(forms.notna(), None).to_numpy().tolist()
    split = {"columns": list(forms), "data": cells}
    Path("in.json").write_text(json.dumps({"dataframe_split": split, "params": {"research_only": True}}))
    command = ["-m", "mlflow", "models", "predict", "-m", NAME, "-i", "in.json", "-o", "out.json"]
    done = server.run("operator", *command, "--env-manager", "local")
    assert done.returncode == 0, done.stderr
    found = pd.DataFrame(json.loads(Path("out.json").read_text())["predictions"]).set_index(["patient_id", "visit_id"])
    difference = largest_difference(found, said)
    assert difference <= 1e-15
    asked = f"`mlflow models predict -m {NAME} --env-manager local`, {len(forms)} forms as JSON"
    told = f"largest difference to `predict`: {difference:.0e}" if difference else "no difference to `predict`"
    server.rows.append((asked, told))


def test_spark_gives_the_same_probabilities(server, people):
    forms, said = forms_and_answers(people)
    forms.to_parquet("forms.parquet")
    Path("ask.py").write_text(SPARK)
    done = server.run("operator", "ask.py", NAME)
    assert done.returncode == 0, done.stderr
    found = pd.read_parquet("spark.parquet").set_index(["patient_id", "visit_id"])
    difference = largest_difference(found, said)
    assert difference == 0.0
    server.rows.append((f"`spark_udf` of `{NAME}`, {len(forms)} forms in 3 partitions", "no difference to `predict`"))


def test_who_may_only_read_promotes_nothing(server, people):
    """Nothing is registered, and the refusal is one line."""
    asked = ["promote", people / "model", people / "held-out", "--name", "other", "--quiet"]
    done = server.dystonia("operator", *asked)
    assert (done.returncode, done.stderr.count("\n")) == (69, 1)
    assert "refuses this user" in done.stderr
    done = server.dystonia("operator", "predict", "models:/other@champion", people / "held-out", "--out", "out")
    assert done.returncode == 66
    server.rows.append(("`promote`, as the operator", "exit 69, one line; nothing is registered"))


def test_a_wrong_password_is_one_clear_line_without_it(server, people):
    """The model is saved all the same; 69 where the run had to be logged, a warning else."""
    wrong = "not-the-Password-4711"
    done = train(server, people, "scientist", "--require-tracking", "--out", people / "required", password=wrong)
    assert done.returncode == 69
    assert done.stderr.count("\n") == 1
    assert "refuses this user or password" in done.stderr
    assert wrong not in done.stdout + done.stderr
    assert (people / "required" / "manifest.json").is_file()
    server.rows.append(
        ("`train --require-tracking` with a wrong password", "exit 69, one line without it; the model is saved")
    )

    done = server.dystonia("scientist", "predict", NAME, people / "held-out", "--out", "out", "--quiet", password=wrong)
    assert (done.returncode, done.stderr.count("\n")) == (69, 1)
    assert wrong not in done.stderr
    assert not Path("out").exists()
    server.rows.append((f"`predict {NAME}` with a wrong password", "exit 69, one line; nothing is written"))


def test_nothing_of_a_patient_is_on_the_server(server, people):
    """Neither in the database nor in any file that it keeps."""
    ids = pd.read_parquet(people / "cohort" / "visits.parquet")["patient_id"].unique().tolist()
    ids += pd.read_parquet(people / "held-out" / "visits.parquet")["patient_id"].unique().tolist()
    known = json.loads((people / "model" / "canaries.json").read_text())["visits"]["patient_id"]
    ids = sorted(set(ids) - set(known))
    texts = {"mlflow": server.database.text("mlflow")}
    files = [path for path in (server.folder / "artifacts").rglob("*") if path.is_file()]
    assert len(files) > 10
    texts |= {str(path): path.read_bytes().decode("latin-1") for path in files}
    found = {name for name, text in texts.items() for each in ids if each in text}
    assert not found
    server.rows.append((f"search of the database and of {len(files)} files for {len(ids)} patients", "none found"))


def test_a_server_that_is_gone_costs_a_warning_and_not_the_model(server, people):
    """An address where nobody listens; last, because it takes the longest."""
    gone = replace(server, url="http://127.0.0.1:9")
    done = train(gone, people, "scientist", "--out", people / "alone")
    assert done.returncode == 0
    assert (people / "alone" / "manifest.json").is_file()
    server.rows.append(("`train` while no server answers", "exit 0 with a warning; the model is saved"))
