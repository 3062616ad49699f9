"""Recordings as a batch operator meets them: a damaged file costs its recording only, check says what is wrong."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as papq
import pytest

from pipeline import opening
from pipeline.cli import main
from pipeline.features.catalogue import CATALOGUE

ROW = "recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,file"


def samples(seed, seconds=12, rate=50):
    """Write a tremor over gravity as a CSV."""
    time = np.arange(seconds * rate) / rate
    values = 0.02 * np.random.default_rng(seed).normal(size=(3, len(time))) + 0.2 * np.sin(2 * np.pi * 5 * time)
    values[2] += 1
    lines = [",".join(f"{number:.6f}" for number in line) for line in np.vstack([time, values]).T]
    return "time_s,x,y,z\n" + "\n".join(lines) + "\n"


DAMAGE = {
    "empty": b"",
    "text": b"Jane-CANARY,1961\n" * 50,
    "cut short": samples(1).encode()[:5_000] + b"\n1,2",
    "zeros": bytes(10_000),
    "in other units": samples(1).replace("time_s,", "time_s,w,").encode(),
    "clock back": ("time_s,x,y,z\n" + "\n".join(samples(1).splitlines()[:0:-1]) + "\n").encode(),
}


@pytest.fixture
def batch(line):
    """Return a function that predicts ten visits with a wrist recording each, of which some are replaced."""
    visits = line.cohort.visits.drop(columns=["source", "row"]).drop_duplicates("patient_id").head(10)
    visits = visits.astype(object).where(visits.notna(), "")

    def run(out, replaced, *options, model=line.bundle_folder):
        folder = Path(f"{out}-cohort")
        folder.mkdir()
        visits.to_csv(folder / "visits.csv", index=False)
        rows = [
            f"r{n},{row.patient_id},{row.visit_id},wrist_left,posture,accelerometer,g,50,s{n}.csv"
            for n, row in enumerate(visits.itertuples())
        ]
        (folder / "recordings.csv").write_text("\n".join([ROW, *rows]) + "\n")
        for number in range(len(rows)):
            content = replaced.get(number, samples(number).encode())
            if content is not None:
                (folder / f"s{number}.csv").write_bytes(content)
        code = main(["predict", str(model), str(folder), "--out", out, "--research-only", "--quiet", *options])
        if code not in (0, 3):
            return code, None, None
        tables = [
            pd.concat([papq.read_table(path).to_pandas() for path in sorted(Path(out).glob(f"{kind}-*"))])
            for kind in ("predictions", "notes")
        ]
        return code, *tables

    return run


def test_R1_visits_without_their_recording_are_predicted_without_sensors(batch):
    """As if the recording had never been named; the note says which file is not there."""
    code, predicted, notes = batch("out", {3: None})
    assert code == 0
    assert len(predicted) == 10
    assert ["recordings" in words.split("|") for words in predicted["modalities"]] == [n != 3 for n in range(10)]
    assert notes[["table", "row", "reason"]].to_numpy().tolist() == [["recordings", 4, "NO_RECORDING"]]


@pytest.mark.parametrize("damage", DAMAGE)
def test_one_damaged_signal_file_costs_its_recording_only(batch, capsys, damage):
    """Its visit is predicted as without it, all others to the bit as ever; nothing of the file is told."""
    _, without, _ = batch("without", {3: None})
    code, predicted, notes = batch("damaged", {3: DAMAGE[damage]})
    assert code == 0
    pd.testing.assert_frame_equal(predicted, without)
    assert notes[["table", "row"]].to_numpy().tolist() == [["recordings", 4]]
    assert "CANARY" not in notes.to_csv() + "".join(capsys.readouterr())


def test_R21_files_that_cannot_be_read_cost_themselves_up_to_a_number(batch, monkeypatch, capsys):
    """Up to --max-io-errors the batch goes on, with exit 0; beyond it ends with 74, and nothing is published."""
    really = os.open

    def opening(path, *rest, **more):
        if os.fsdecode(path).endswith(("s2.csv", "s5.csv")):
            raise PermissionError(13, "Permission denied")
        return really(path, *rest, **more)

    monkeypatch.setattr(os, "open", opening)
    code, predicted, notes = batch("out", {})
    assert (code, len(predicted)) == (0, 10)
    assert notes["reason"].tolist() == ["IO_ERROR"] * 2
    capsys.readouterr()
    assert batch("none", {}, "--max-io-errors", "1")[0] == 74
    assert "--max-io-errors allows 1" in capsys.readouterr().err
    assert not Path("none").exists()


def test_check_says_how_good_a_recording_is(capsys):
    """As a table and as JSON; what cannot be used exits as a refused input does."""
    Path("s.csv").write_text(samples(1))
    assert main(["check", "s.csv", "--units", "g", "--rate", "50"]) == 0
    said = capsys.readouterr().out
    assert "50 Hz measured, 50 Hz declared" in said
    assert said.endswith("can be used\n")
    assert main(["check", "s.csv", "--units", "m/s^2", "--rate", "100", "--json"]) == 65
    found = json.loads(capsys.readouterr().out)
    assert (found["unfit"], found["flags"]) == ("UNITS", ["RATE"])
    assert found["samples"] == 600
    assert found["duration_s"] == pytest.approx(12)
    assert found["measured_rate_hz"] == pytest.approx(50)
    assert found["size"] == pytest.approx(1 / 9.80665, rel=0.02)


def test_check_reads_an_export_as_it_is_declared(capsys):
    """Lines before the header, another mark, raw counts, axes in another order."""
    values = np.loadtxt(samples(1).splitlines()[1:], delimiter=",") * [1, 8192, 8192, 8192]
    lines = [";".join(f"{number:.6f}".replace(".", ",") for number in line) for line in values]
    Path("s.csv").write_text("\n".join(["Export", "t;z;y;x", *lines]) + "\n")
    words = "--units g --rate 50 --columns z|y|x --channels z|y|x --time-column t --time-unit s --skip-lines 1"
    words += " --delimiter ; --decimal , --scale 0.0001220703125 --json"
    assert main(["check", "s.csv", *words.split()]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["channels"], found["flags"]) == ("z|y|x", [])
    assert found["size"] == pytest.approx(1, rel=0.02)


def test_check_says_which_channels_features_would_miss(capsys):
    Path("e.csv").write_text(samples(1).replace("time_s,x", "time_s,fcr"))
    assert main(["check", "e.csv", "--units", "mV", "--rate", "50", "--columns", "fcr"]) == 0
    said = capsys.readouterr().out
    assert "muscle (not declared: antagonist)" in said
    assert "noted: CHANNEL" in said


def test_R2_a_short_recording_costs_itself_or_its_visit(batch):
    """As the operator says: left out with a note, or its visit rejected with it; no other visit knows."""
    short = {3: samples(3, seconds=2).encode()}
    code, missing, notes = batch("missing", short)
    assert (code, len(missing), notes["reason"].tolist()) == (0, 10, ["TOO_SHORT"])
    code, predicted, notes = batch("rejected", short, "--short-recordings", "reject")
    assert (code, len(predicted)) == (0, 9)
    rejects = pd.concat([papq.read_table(path).to_pandas() for path in sorted(Path("rejected").glob("rejects-*"))])
    assert rejects[["row", "reasons"]].to_numpy().tolist() == [[4, "TOO_SHORT"]]
    assert set(notes["reason"]) == {"TOO_SHORT"}
    pd.testing.assert_frame_equal(predicted, missing[missing["row"] != 4].reset_index(drop=True))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["s.csv", "--units", "g"], 64, "Give --units and --rate"),
        (["s.csv", "--rate", "50"], 64, "Give --units and --rate"),
        (["s.npz"], 64, "Give --units and --rate"),
        (["s.csv"], 65, "If this is one recording, give --units and --rate"),
        (["s.csv", "--units", "g", "--rate", "50", "--delimiter", "|"], 64, "--delimiter"),
        (["s.csv", "--units", "g", "--rate", "50", "--channels", "x|y|w"], 65, "has x|y|z"),
        (["s.csv", "--units", "m/s2", "--rate", "50"], 64, "Did you mean 'm/s^2'?"),
        (["none.csv", "--units", "g", "--rate", "50"], 66, "no such file"),
        (["s.txt", "--units", "g", "--rate", "50"], 65, ".csv, .parquet, .npz are read"),
        (["s.csv", "--units", "uV", "--rate", "50"], 65, "name each channel once"),
        (["s.csv", "--units", "g", "--rate", "50", "--columns", "a|b|c"], 65, "lacks a column"),
        (["s.csv", "--units", "g", "--rate", "50", "--time-column", "t"], 65, "times are not read by guess"),
    ],
)
def test_check_guesses_nothing_about_a_recording(capsys, arguments, code, words):
    """Units and rate are declared or the command says by which option."""
    Path("s.csv").write_text(samples(1))
    Path("s.txt").write_text(samples(1))
    Path("s.npz").write_bytes(b"")
    assert main(["check", *arguments]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_B9_a_changed_feature_of_recordings_matters_where_there_are_recordings(line, batch, tmp_path, capsys):
    """A cohort with a table of recordings is refused; forms alone are predicted as ever, since nothing else is."""
    changed = tmp_path / "model"
    shutil.copytree(line.bundle_folder, changed)
    manifest = json.loads((changed / "manifest.json").read_text())
    name = next(each.spec.name for each in CATALOGUE if each.spec.sensor and each.spec.name in manifest["features"])
    manifest["features"][name]["digest"] = "00ff"
    (changed / "manifest.json").write_text(json.dumps(manifest))
    assert batch("out", {}, model=changed)[0] == 76
    assert f"feature '{name}' has changed since the training" in capsys.readouterr().err
    assert not Path("out").exists()
    for out, model in (("now", changed), ("before", line.bundle_folder)):
        assert main(["predict", str(model), str(line.cohort_folder), "--out", out, "--quiet"]) == 0
    assert [path.read_bytes() for path in sorted(Path("now").glob("predictions-*"))] == [
        path.read_bytes() for path in sorted(Path("before").glob("predictions-*"))
    ]


def test_B9_a_model_replaced_while_it_is_opened(line, batch, monkeypatch, capsys):
    """What was read first is what has to be checked: another manifest by then is no answer."""
    really = opening.refuse_changed_sensors
    monkeypatch.setattr(
        opening, "refuse_changed_sensors", lambda folder, bundle: really(folder, replace(bundle, digest="00ff"))
    )
    assert batch("out", {})[0] == 76
    assert "was replaced while the bundle was loaded" in capsys.readouterr().err
