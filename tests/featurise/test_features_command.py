"""`dystonia features`: the same bytes however the work was cut and spread, and a cache that changes nothing."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config import load_recipe
from pipeline.errors import ContractError, OutputExists
from pipeline.features.catalogue import column_names
from pipeline.features.extract import extract
from pipeline.featurise import featurise
from pipeline.generate import generate
from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source
from pipeline.testing.recordings import Wave

OPTIONS = Options()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make a small cohort with a recording at every third visit, in files, its rows shuffled."""
    folder = tmp_path_factory.mktemp("features") / "cohort"
    generate(folder, load_recipe("demo"), patients=60, seed=5, format="csv")
    visits = pd.read_csv(folder / "visits.csv", dtype=str, keep_default_na=False)
    visits = visits.sample(frac=1, random_state=1)
    visits.to_csv(folder / "visits.csv", index=False)
    rows = []
    for number, (patient, visit) in enumerate(visits[["patient_id", "visit_id"]].itertuples(index=False)):
        if number % 3 == 0:
            samples = Wave("tone", number, 9.0, 50.0)()
            table = pd.DataFrame({"time_s": samples.time_s, **dict(zip("xyz", samples.values, strict=True))})
            table.to_csv(folder / f"r{number}.csv", index=False)
            rows.append((f"r{number}", patient, visit, "head", "rest", "accelerometer", "g", 50, f"r{number}.csv"))
    names = ("recording_id", "patient_id", "visit_id", "body_site", "task", "sensor", "unit", "rate_hz", "file")
    pd.DataFrame(rows, columns=list(names)).to_csv(folder / "recordings.csv", index=False)
    return folder


def made(folder, out, **given):
    featurise(folder, out, OPTIONS, **given)
    return out.read_bytes()


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("cut", [{"visits_per_partition": 20}, {"jobs": 2}, {"visits_per_partition": 20, "jobs": 2}])
def test_the_file_is_the_same_however_the_work_was_cut_and_spread(folder, tmp_path, form, cut):
    """Partitions and workers are a matter of the machine; not a byte of the table may tell of them.

    A Parquet file is compared after reading: its row groups follow the number of rows only.
    """
    assert made(folder, tmp_path / f"cut.{form}", **cut) == made(folder, tmp_path / f"whole.{form}")


def test_the_table_is_that_of_extract_in_the_order_of_the_input(folder, tmp_path):
    """Rows stand as in the file, so that they can be put beside it; nothing is lost and nothing added."""
    featurise(folder, tmp_path / "out.parquet", OPTIONS, visits_per_partition=15)
    table = pd.read_parquet(tmp_path / "out.parquet")
    source = open_source(folder, OPTIONS)
    cohort = read_whole(source, OPTIONS, tmp_path)
    assert table["row"].tolist() == list(range(1, len(cohort) + 1))
    assert table["patient_id"].tolist() == cohort.visits["patient_id"].tolist()
    assert table.columns.tolist()[4:] == column_names()
    np.testing.assert_array_equal(table[column_names()].to_numpy(), extract(cohort).to_numpy())
    assert table["head__rest__strong__tremor_peak_hz"].notna().sum() == -(-len(cohort) // 3)


def test_a_full_cache_gives_the_bytes_of_an_empty_one(folder, tmp_path, monkeypatch):
    """What was measured once is not measured again, even after other code ran; and no bit differs."""
    plain = made(folder, tmp_path / "plain.parquet")
    first = made(folder, tmp_path / "first.parquet", cache=tmp_path / "cache")

    def measured_again(*_):
        raise AssertionError

    monkeypatch.setattr("pipeline.features.measure.measure_windows", measured_again)
    assert plain == first == made(folder, tmp_path / "again.parquet", cache=tmp_path / "cache")


def test_nothing_is_left_of_a_run_that_fails(folder, tmp_path):
    """A file that is there is found out before any work, and a broken cohort leaves no half a table."""
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(OutputExists, match=r"there\.csv"):
        featurise(folder, tmp_path / "there.csv", OPTIONS)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "visits.csv").write_text("patient_id,age_at_onset_y\na,1\n")
    (broken / "treatments.csv").write_text("patient_id\na\n")
    with pytest.raises(ContractError, match="no column 'kind'"):
        featurise(broken, tmp_path / "out.csv", OPTIONS)
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")} == {"there.csv", "broken"}


def test_damaged_recordings_cost_their_own_features_and_are_counted(folder, tmp_path, capfd):
    """Bad files among good ones: no visit is lost, no other value moves, and the operator is told how many and why."""
    damaged = tmp_path / "cohort"
    shutil.copytree(folder, damaged)
    files = sorted(damaged.glob("r*[0-9].csv"))
    files[0].unlink()
    files[1].write_bytes(b"")
    files[2].write_bytes(b"\0\1\2")
    visits = pd.read_csv(damaged / "visits.csv", dtype=str)
    visits.loc[1, "age_at_visit_y"] = "old"  # the second visit has no recording
    visits.to_csv(damaged / "visits.csv", index=False)
    assert main(["features", str(damaged), "--out", str(tmp_path / "out.parquet"), "--jobs", "2"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[0].endswith(f"features of {len(visits) - 1} visits, 1 rejected")
    assert [line.split(": ")[1] for line in said if "rejected because" in line] == ["1 x NOT_A_NUMBER"]
    noted = {line.split(" x ")[1].split(":")[0] for line in said if "noted: " in line}
    assert {"BAD_RECORDING", "NO_RECORDING", "TOO_SHORT"} <= noted
    featurise(folder, tmp_path / "whole.parquet", OPTIONS)
    key = ["patient_id", "visit_id"]
    found, whole = (pd.read_parquet(tmp_path / f"{name}.parquet").set_index(key) for name in ("out", "whole"))
    recorded = pd.read_csv(damaged / "recordings.csv", dtype=str)
    spoilt = pd.MultiIndex.from_frame(recorded[recorded["file"].isin([file.name for file in files[:3]])][key])
    kept = found.index.difference(spoilt)
    same = [name for name in whole if name not in ("source", "row")]
    pd.testing.assert_frame_equal(found.loc[kept, same], whole.loc[kept, same])
    assert found.loc[spoilt].filter(like="head__rest__").isna().all(axis=None)


def test_the_command_says_what_it_wrote_and_lists_the_catalogue(folder, tmp_path, capfd):
    out = str(tmp_path / "out.parquet")
    assert main(["features", str(folder), "--out", out, "--jobs", "2", "--quiet"]) == 0
    assert "visits, 0 rejected" in capfd.readouterr().out
    assert main(["features", "--list"]) == 0
    listed = capfd.readouterr().out
    assert f"{len(column_names())} columns" in listed
    assert "Strength of shaking between 3 and 12 Hz" in listed
    assert main(["features", "--list", "--json"]) == 0
    described = json.loads(capfd.readouterr().out)
    assert [name for each in described for name in each["columns"]] == column_names()
    assert {"name", "kind", "unit", "version", "meaning", "source", "bounds", "columns"} <= set(described[0])
