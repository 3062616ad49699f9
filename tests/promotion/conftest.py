"""Two models of the same question, a good one and one that has learned nothing, and people whom neither saw."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from pipeline.generate import generate
from pipeline.study import Study, Target
from pipeline.train import train
from tests.conftest import three_kinds

STUDY = Study("quick", "Which of three", targets=(Target("phenotype", "classification"),), folds=2)


@dataclass(frozen=True)
class Clinic:
    """Folders: training data, the models, and the people held out."""

    trained_on: Path
    good: Path
    poor: Path
    held_out: Path


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Clinic:
    """Train both models once."""
    root = tmp_path_factory.mktemp("clinic")
    for name, patients, seed in (("cohort", 120, 3), ("shuffled", 60, 5), ("held-out", 320, 9)):
        generate(root / name, three_kinds(), patients=patients, seed=seed, format="csv")
    outcomes = root / "shuffled" / "outcomes.csv"
    table = pd.read_csv(outcomes, dtype=str)
    first = table.drop_duplicates("patient_id").set_index("patient_id")["phenotype"]
    mixed = first.sample(frac=1.0, random_state=1).set_axis(first.index)
    table.assign(phenotype=table["patient_id"].map(mixed)).to_csv(outcomes, index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        train(root / "cohort", STUDY, root / "good")
        train(root / "shuffled", STUDY, root / "poor")
    return Clinic(root / "cohort", root / "good", root / "poor", root / "held-out")
