"""A batch small enough to be cut off hundreds of times."""

import os

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as papq
import pytest

from pipeline import opening
from pipeline.predict import predict

TABLES = ("visits", "treatments")
PATIENTS = {"first": slice(0, 4), "second": slice(2, 5)}
"""Of each state of the input."""


def contents(folder):
    """Return the bytes of every file of a folder; None where there is none."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else None


class Batch:
    """The same command over a few patients, with the model loaded once, before any child is forked."""

    def __init__(self, line, root):
        self.model, self.root, self.whole = line.bundle_folder, root, {}
        everybody = sorted(set(line.cohort.groups))
        for state, chosen in PATIENTS.items():
            folder = root / state
            folder.mkdir()
            (folder / "cohort.json").write_bytes((line.cohort_folder / "cohort.json").read_bytes())
            for name in TABLES:
                table = papq.read_table(line.cohort_folder / f"{name}.parquet")
                kept = table.filter(pc.is_in(table["patient_id"], pa.array(everybody[chosen])))
                papq.write_table(kept, folder / f"{name}.parquet")
            self.go(root / f"{state}-whole", state)
            self.whole[state] = contents(root / f"{state}-whole")

    def go(self, out, state="first", *, overwrite=True, **options):
        predict(self.model, self.root / state, out, visits_per_partition=5, overwrite=overwrite, **options)


@pytest.fixture(scope="module")
def batch(line, tmp_path_factory):
    """Return a `Batch`."""
    patch = pytest.MonkeyPatch()
    patch.setattr(opening, "load_bundle", lambda *_, **__: line.bundle)
    patch.setattr(os, "fsync", lambda descriptor: None)  # that the disk obeys can't be tested
    yield Batch(line, tmp_path_factory.mktemp("faults"))
    patch.undo()
