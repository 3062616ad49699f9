"""No command that reads records gives a patient away, whatever layout they come in and whatever is wrong with them.

`generate` and `demo` read no records.
"""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from pipeline.cli import main

ID, VALUE = "IdZanzibar", "ValueZanzibar"
PEOPLE = 40
TABLES = ("predictions", "rejects", "notes", "features")

STUDY = 'name = "quick"\ntitle = "Which of two"\nfolds = 2\n\n[[targets]]\nname = "what"\nkind = "classification"\n'
LABELLED = STUDY.replace('"what"', '"phenotype"')
FOUND = STUDY + 'derive = "finding"\nfinding = "HP:0000473"\n[inputs]\nhide_findings = ["HP:0000473"]\n'
MAPPING = """
name = "theirs"
title = "Another layout"
[tables.visits.columns]
patient_id = { source = "who" }
age_at_visit_y = { source = "years" }
neck_pulling = { source = "pulls" }
centre = { source = "where" }
visit_date = { source = "day", date_format = "%d.%m.%Y", optional = true }
[tables.visits.findings]
named_by_term = true
[tables.outcomes.columns]
patient_id = { source = "who" }
phenotype = { source = "what" }
"""


def people() -> pd.DataFrame:
    """Sound rows, and one for each way in which a row can be wrong; values that tell of a patient in all of them."""
    rows = [
        {"patient_id": f"{ID}{n:02d}", "age_at_visit_y": str(30 + n), "neck_pulling": "yes" if n % 2 else "no"}
        | {"centre": VALUE, "phenotype": "cervical" if n % 2 else "laryngeal"}
        for n in range(PEOPLE)
    ]
    wrong = [
        {"age_at_visit_y": VALUE},
        {"neck_pulling": VALUE},
        {"visit_date": VALUE},
        {"sex": VALUE},
        {"findings": f"{VALUE}|HP:0001337"},
        {"findings": "HP:0001337|!HP:0001337", "onset_trigger": VALUE},
        {"phenotype": VALUE},
        {"patient_id": f"{ID}\u202e"},
        {"patient_id": ID, "centre": f"{VALUE}\0"},
    ]
    rows += [{"patient_id": f"{ID}x{n}"} | each for n, each in enumerate(wrong)]
    rows += [{"patient_id": f"{ID}twice", "visit_id": "1", "age_at_visit_y": str(age)} for age in (40, 41)]
    return pd.DataFrame(rows).fillna("")


def as_csv(folder: Path) -> list[str]:
    table = people()
    table.drop(columns="phenotype").to_csv(folder / "visits.csv", index=False)
    table[["patient_id", "phenotype"]].to_csv(folder / "outcomes.csv", index=False)
    (folder / "treatments.csv").write_text(f"patient_id,kind,drug\n{ID}00,{VALUE},x\n{ID}stray,dbs,{VALUE}\n")
    with (folder / "visits.csv").open("a") as file:
        file.write(f"{ID}ragged,{VALUE}\n")
    (folder / "recordings.csv").write_text(
        "recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,file\n"
        f"r,{ID}00,,head,rest,accelerometer,g,50,{VALUE}.csv\nq,{ID}01,,{VALUE},rest,accelerometer,g,50,q.csv\n"
    )
    return ["--study", "./labelled.toml"]


def as_parquet(folder: Path) -> list[str]:
    table = people()
    for name, part in (("visits", table.drop(columns="phenotype")), ("outcomes", table[["patient_id", "phenotype"]])):
        papq.write_table(pa.Table.from_pandas(part, preserve_index=False), folder / f"{name}.parquet")
    return ["--study", "./labelled.toml"]


def as_phenopackets(folder: Path) -> list[str]:
    packets = [
        {"id": f"{ID}{n}", "subject": {"id": f"{ID}{n}", "timeAtLastEncounter": {"age": {"iso8601duration": f"P{n}Y"}}},
         "phenotypicFeatures": [{"type": {"id": "HP:0000473", "label": VALUE}, "excluded": n % 2 == 0},
                                {"type": {"id": "HP:0001337"}, "excluded": n % 3 == 0}],
         "metaData": {"createdBy": VALUE, "externalReferences": [{"id": f"PMID:{n}", "description": VALUE}]}}
        for n in range(20, 20 + PEOPLE)
    ]  # fmt: skip
    bad = [
        {"id": ID, "subject": {"id": ID, "sex": VALUE, "timeAtLastEncounter": VALUE}},
        {"id": ID, "phenotypicFeatures": [{"type": {"id": f"{VALUE} x"}}], VALUE: {VALUE: VALUE}},
        {"id": f"{ID}y", "diseases": [{"onset": {"age": {"iso8601duration": VALUE}}}]},
        [VALUE],
    ]
    lines = [*map(json.dumps, [*packets, *bad]), f'{{"id": "{VALUE}']
    (folder / "cases.jsonl").write_text("\n".join(lines))
    return ["--study", "./found.toml"]


def as_mapped(folder: Path) -> list[str]:
    names = {"patient_id": "who", "age_at_visit_y": "years", "neck_pulling": "pulls", "centre": "where"}
    table = people().rename(columns=names | {"phenotype": "what", "visit_date": "day"})
    table = table.assign(**{"seizures_HP:0001250": [VALUE if n % 9 == 0 else "yes" for n in range(len(table))]})
    table.to_csv(folder / "theirs.csv", index=False)
    return ["--study", "./labelled.toml", "--mapping", "./theirs.toml"]


def words_of(path: Path) -> str:
    """Return what a file says: its cells for a table, else its bytes."""
    if path.suffix == ".parquet":
        table = papq.read_table(path)
        return table.to_pandas().to_csv() + str(table.schema.metadata)
    return path.read_bytes().decode("latin-1")


@pytest.mark.parametrize("layout", [as_csv, as_parquet, as_phenopackets, as_mapped])
def test_ids_stand_in_tables_only_and_values_nowhere(layout, capsys):
    """Messages, accounts, reports, figures, runs, models, drafts: all of them can be sent to a colleague."""
    Path("cohort").mkdir()
    Path("labelled.toml").write_text(LABELLED)
    Path("found.toml").write_text(FOUND)
    Path("theirs.toml").write_text(MAPPING)
    study = layout(Path("cohort"))
    reading = study[2:]
    (place, *more) = sorted(Path("cohort").iterdir())
    cohort = "cohort" if more else str(place)
    codes = {
        "train": main(["--debug", "train", cohort, *study, "--out", "model"]),
        "show": main(["show", "model"]) + main(["show", "model", "--json"]),
        "check": main(["check", cohort, *reading]),
        "json": main(["--debug", "check", cohort, "--json", *reading]),
        "strict": main(["--debug", "check", cohort, "--strict", "--delimiter", "|", *reading]),
        "draft": main(["check", cohort, "--draft-mapping", "draft.toml"]),
        "features": main(["features", cohort, "--out", "features.parquet", *reading]),
        "predict": main(
            ["--debug", "predict", "model", cohort, "--out", "out", "--format", "csv", "--explain", "2", *reading]
        ),
    }
    assert [codes[name] for name in ("train", "show", "features")] == [0, 0, 0]
    assert {codes[name] for name in ("check", "json", "predict")} <= {0, 3}
    assert json.loads(Path("out/_SUCCESS").read_text())["rejected"] > 2
    said = "".join(capsys.readouterr())
    assert "Zanzibar" not in said
    assert ID in words_of(next(Path("out").glob("predictions-*")))
    left = [path for path in Path().rglob("*") if path.is_file() and path.parts[0] != "cohort"]
    assert {"manifest.json", "report.json", "_SUCCESS", "features.parquet"} <= {path.name for path in left}
    assert any("mlruns" in path.parts for path in left)
    for path in left:
        words = words_of(path)
        assert VALUE not in words, path.name
        assert ID not in words or path.name.split("-")[0].split(".")[0] in TABLES, path.name
