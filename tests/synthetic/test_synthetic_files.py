"""A synthetic cohort on disk, and the sample that is committed."""

import json
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.config import load_recipe
from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source
from pipeline.schema import TABLES
from pipeline.synthetic import generate, write_cohort

SAMPLE = Path(__file__).parents[2] / "data" / "synthetic"
NAMES = ("visits", "treatments", "outcomes", "truth/patients", "truth/visits", "truth/oracle")
TRUE_TEXTS = {"patient_id", "visit_id", "phenotype", "aetiology", "recorded_phenotype", "recorded_aetiology"}
TRUE_TEXTS |= {"toxin_response", "spread_target", "sex"}


@pytest.fixture(scope="module")
def synthetic():
    return generate(load_recipe("demo"), patients=80, seed=4)


def read(path):
    table = pd.read_csv(path, dtype=str) if path.suffix == ".csv" else pq.read_table(path).to_pandas()
    numbers = {c.name for columns in TABLES.values() for c in columns if c.kind == "number"}
    table = table.fillna("") if path.suffix == ".csv" else table
    return table.apply(
        lambda values: (
            pd.to_numeric(values)
            if values.name in numbers or (path.parent.name == "truth" and values.name not in TRUE_TEXTS)
            else values.fillna("").astype(str)
        )
    )


def test_both_formats_hold_the_same(synthetic, tmp_path):
    """Whoever reads CSV sees what others read from Parquet, to the last digit."""
    for name in ("csv", "parquet"):
        (tmp_path / name).mkdir()
        write_cohort(synthetic, tmp_path / name, name)
    for name in NAMES:
        one, other = read(tmp_path / "csv" / f"{name}.csv"), read(tmp_path / "parquet" / f"{name}.parquet")
        pd.testing.assert_frame_equal(one, other, check_exact=True, check_dtype=False)
    assert (
        read(tmp_path / "csv" / "visits.csv")["patient_id"].tolist() == synthetic.cohort.visits["patient_id"].tolist()
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_reader_takes_every_row_as_it_was_made(tmp_path, kind):
    """Written, and read as anybody's cohort would be, it is the same cohort: nothing rejected, nothing noted."""
    # a wrong label may contradict the record, of which the reader takes note
    synthetic = generate(replace(load_recipe("demo"), label_noise=0.0), patients=80, seed=4)
    (tmp_path / "cohort").mkdir()
    write_cohort(synthetic, tmp_path / "cohort", kind)
    options = Options(strict=True)
    source = open_source(tmp_path / "cohort", options)
    cohort = read_whole(source, options, tmp_path)
    assert cohort.synthetic
    assert cohort.rejects.empty
    assert cohort.notes.empty
    for name in ("visits", "treatments", "outcomes"):
        made = getattr(synthetic.cohort, name).drop(columns="source", errors="ignore")
        read_back = getattr(cohort, name)[list(made)]
        pd.testing.assert_frame_equal(made, read_back, check_exact=True, check_dtype=False)


def test_every_file_says_that_it_is_synthetic(synthetic, tmp_path):
    """Nobody takes the cohort, or a file out of it, for real patients."""
    write_cohort(synthetic, tmp_path, "parquet")
    for name in NAMES:
        assert pq.read_schema(tmp_path / f"{name}.parquet").metadata[b"synthetic"] == b"true"
    description = json.loads((tmp_path / "cohort.json").read_text())
    assert description == {
        "synthetic": True,
        "recipe": "demo",
        "seed": 4,
        "first": 0,
        "patients": 80,
        "visits": len(synthetic.cohort),
        "format_version": 2,
    }


def test_a_damaged_page_is_noticed(synthetic, tmp_path):
    """Parquet pages carry checksums, so that a changed byte is an error and not another answer."""
    write_cohort(synthetic, tmp_path, "parquet")
    path = tmp_path / "outcomes.parquet"
    column = pq.read_metadata(path).row_group(0).column(8)
    assert column.path_in_schema == "spread_left_y"
    assert "RLE_DICTIONARY" not in column.encodings
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(path, page_checksum_verification=True)


def test_files_are_for_the_owner_and_replace_nothing(synthetic, tmp_path):
    """Whatever stands in the folder already, a link too, stays as it is."""
    (tmp_path / "elsewhere.csv").write_text("kept")
    (tmp_path / "visits.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(FileExistsError):
        write_cohort(synthetic, tmp_path, "csv")
    assert (tmp_path / "elsewhere.csv").read_text() == "kept"
    (tmp_path / "visits.csv").unlink()
    write_cohort(synthetic, tmp_path, "csv")
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.name != "elsewhere.csv"}
    assert modes == {0o600, 0o700}
    with pytest.raises(FileExistsError):
        write_cohort(synthetic, tmp_path, "csv")


def test_flags_are_words_and_missing_is_empty(synthetic, tmp_path):
    """A table can be read by eye, and ids stay text."""
    write_cohort(synthetic, tmp_path, "csv")
    table = pd.read_csv(tmp_path / "visits.csv", dtype=str, keep_default_na=False)
    assert set(table["tremor"]) == {"yes", "no", ""}
    assert set(table["publication"]) == {""}
    assert table["visit_date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert '"' not in (tmp_path / "visits.csv").read_text()


def test_the_committed_sample_is_what_the_generator_makes(tmp_path):
    """Anybody can make the sample again from the command in its manifest, byte for byte."""
    manifest = json.loads((SAMPLE / "manifest.json").read_text())
    made = generate(load_recipe(manifest["recipe"]), patients=manifest["patients"], seed=manifest["seed"])
    write_cohort(made, tmp_path, "csv")
    found = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert sorted(found) == sorted(manifest["sha256"])
    for name, content in found.items():
        assert (SAMPLE / "sample" / name).read_bytes() == content, name
        assert sha256(content).hexdigest() == manifest["sha256"][name]


def test_the_committed_recipe_is_the_built_in_one():
    """The copy beside the sample cannot drift."""
    built_in = files("pipeline").joinpath("synthetic", "recipes", "demo.toml").read_bytes()
    assert (SAMPLE / "recipe.toml").read_bytes() == built_in


def test_the_committed_sample_is_small():
    """It is for looking at, and for tests."""
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 200_000
