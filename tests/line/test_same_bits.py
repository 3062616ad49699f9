"""A visit's prediction depends on its own record and past, never on how the input was cut, ordered or batched."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as papq
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.predict import predict


def _all_rows(folder: Path) -> pd.DataFrame:
    parts = [papq.read_table(path).to_pandas() for path in sorted(folder.glob("predictions-*.parquet"))]
    return pd.concat(parts).sort_values(["patient_id", "visit_id"], ignore_index=True)


def _bytes(table: pd.DataFrame) -> bytes:
    return table.drop(columns=["source", "row"]).to_json(orient="split", double_precision=15).encode()


def _shuffled_copy(folder: Path, target: Path, seed: int) -> None:
    target.mkdir()
    for path in folder.iterdir():
        if path.suffix == ".parquet":
            papq.write_table(papq.read_table(path).take(_order(path, seed)), target / path.name)
        elif path.name == "cohort.json":
            (target / path.name).write_bytes(path.read_bytes())


def _order(path: Path, seed: int) -> list[int]:
    count = papq.read_metadata(path).num_rows
    return pd.Series(range(count)).sample(frac=1.0, random_state=seed).tolist()


@settings(max_examples=5)
@given(
    seed=st.integers(0, 2**32 - 1),
    batch_size=st.sampled_from([1, 2, 7, 256, 257, 10**6]),
    per_partition=st.sampled_from([10, 133, 50_000]),
)
def test_cut_order_and_batches_never_show_in_a_prediction(line, seed, batch_size, per_partition):
    """The night job may be cut into any partitions and batches, and the table sorted anyhow: the same numbers come out.

    This is what lets a laptop, many cores and a cluster be used for the same cohort.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _shuffled_copy(line.cohort_folder, root / "shuffled", seed)
        predict(line.bundle_folder, line.cohort_folder, root / "whole")
        predict(
            line.bundle_folder,
            root / "shuffled",
            root / "cut",
            batch_size=batch_size,
            visits_per_partition=per_partition,
        )
        assert _bytes(_all_rows(root / "whole")) == _bytes(_all_rows(root / "cut"))


@settings(max_examples=15)
@given(position=st.integers(0, 10**6))
def test_a_single_patient_alone_is_predicted_as_in_the_crowd(line, position):
    """Asking for one patient gives the bits that the patient has in the whole cohort."""
    patients = sorted(set(line.cohort.groups))
    patient = patients[position % len(patients)]
    crowd = line.bundle.predict(line.cohort)
    alone = line.bundle.predict(line.cohort[(line.cohort.groups == patient).nonzero()[0]])
    pd.testing.assert_frame_equal(crowd[crowd["patient_id"] == patient].reset_index(drop=True), alone, check_exact=True)


def test_a_saved_model_in_a_fresh_process_gives_the_probabilities_of_the_training_process(line, tmp_path):
    """What was validated is what is used: saving and loading in another process changes no bit."""
    command = [sys.executable, "-m", "pipeline.predict", str(line.bundle_folder), str(line.cohort_folder)]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fresh = pd.concat([papq.read_table(path).to_pandas() for path in (tmp_path / "out").glob("predictions-*.parquet")])
    here = line.bundle.predict(line.cohort)
    numbers = [name for name in here if here[name].dtype.kind == "f"]
    assert any(name.startswith("phenotype_p_") for name in numbers)
    pd.testing.assert_frame_equal(fresh[numbers], here[numbers], check_exact=True)
