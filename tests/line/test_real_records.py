"""The line on real records, as they are: published phenopackets and a botulinum toxin trial."""

import json
import math
from pathlib import Path

import pandas as pd
import pyarrow.parquet as papq
import pytest

from pipeline.cli import main
from pipeline.tracking.store import tracking_uri

LEAKAGE = 0.82
"""A grouped AUC above this means that dystonia terms came back through their ancestors."""

pytestmark = pytest.mark.real


def _metrics(experiment):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking_uri())
    runs = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    (run,) = [each for each in runs if "mlflow.parentRunId" not in each.data.tags]
    return run.data.metrics


def _counted(folder):
    success = json.loads((folder / "_SUCCESS").read_text())
    rows = pd.concat([papq.read_table(path).to_pandas() for path in folder.glob("predictions-*.parquet")])
    rejects = pd.concat([papq.read_table(path).to_pandas() for path in folder.glob("rejects-*.parquet")])
    total = sum(success["rows"].values())
    assert sorted([*rows["row"], *rejects["row"]]) == list(range(1, total + 1))
    assert (rejects["reasons"] != "").all()
    return total, rows


def test_phenopackets_from_check_to_predictions(real_data, capsys):
    """The file is used as it is; the run tells the honest scores, and every individual is accounted for."""
    file = str(real_data / "phenopackets" / "movement_phenopackets.jsonl")
    assert main(["check", file]) == 0
    assert main(["train", file, "--study", "phenopackets", "--quiet"]) == 0
    assert main(["show", "models/phenopackets"]) == 0
    assert main(["predict", "models/phenopackets", file, "--out", "out", "--quiet"]) == 0
    total, predicted = _counted(Path("out"))
    assert total == 826
    assert len(predicted) >= 800
    shown = capsys.readouterr().out
    assert "groups kept whole: publication" in shown
    assert "counts_only" in shown
    metrics = _metrics("phenopackets")
    auc = metrics["dystonia.scores.auc"]
    assert metrics["dystonia.scores.auc_low"] < auc < metrics["dystonia.scores.auc_high"]
    assert 0.6 < auc <= LEAKAGE
    assert 0.3 < metrics["dystonia.scores.within_group_auc"] < 0.75
    assert 0.6 < metrics["dystonia.comparators.counts_only.auc"] <= LEAKAGE
    assert metrics["dystonia.counts.patients"] == 349
    assert (metrics["dystonia.counts.labels.yes"], metrics["dystonia.counts.labels.no"]) == (123, 226)


def test_the_trial_from_check_to_predictions(real_data, capsys):
    """The long table is used as it is; so few events are said to be too few, and scored all the same."""
    file = str(real_data / "cervical_trial" / "cervical_trial.csv")
    assert main(["check", file, "--mapping", "cervical-trial"]) == 0
    assert main(["train", file, "--study", "cervical-trial", "--quiet"]) == 0
    assert main(["show", "models/cervical-trial"]) == 0
    assert "too few events" in capsys.readouterr().out
    assert main(["predict", "models/cervical-trial", file, "--out", "out", "--quiet"]) == 0
    total, predicted = _counted(Path("out"))
    assert total == len(predicted) == 272
    report = json.loads(Path("models/cervical-trial/report.json").read_text())["targets"]
    assert report["relapse"]["counts"]["patients"] == 29
    assert report["relapse"]["counts"]["events"] == 16
    assert report["responder"]["counts"]["labels"] == {"no": 27, "yes": 19}
    for horizon in ("8w", "12w"):
        for score in ("observed_over_expected", "concordance"):
            told = report["relapse"]["scores"][horizon][score]
            assert told["low"] <= told["value"] <= told["high"]
    at_risk = predicted["relapse_p_at_risk"] == 1.0
    assert at_risk.sum() == 29
    assert predicted.loc[at_risk, "relapse_risk_12w"].between(0, 1).all()
    assert predicted.loc[~at_risk, "relapse_risk_12w"].map(math.isnan).all()
    assert predicted.loc[~at_risk, "warnings"].str.contains("relapse:").all()
