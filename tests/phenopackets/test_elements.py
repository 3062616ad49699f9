"""Every element of a packet is read into a column or noted by its name, and none is turned into what it is not."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.reading.phenopackets import duration, read_time, time_element
from pipeline.reading.phenopackets.treatments import _WORDS, kind_of
from pipeline.vocabulary import REASONS, TREATMENT_KINDS

DAYS = st.dates().map(str).filter(lambda day: day >= "1000")
TOLD = st.one_of(
    st.floats(0, 120).map(duration),
    st.tuples(st.integers(0, 60), st.integers(61, 120)).map(lambda ages: f"P{ages[0]}Y/P{ages[1]}Y"),
    st.sampled_from(["HP:0003581", "HP:0003577", "NCIT:C123"]),
    DAYS,
    st.tuples(DAYS, DAYS).filter(lambda days: days[0] < days[1]).map("/".join),
    st.tuples(st.integers(0, 45), st.integers(0, 6)).map(lambda age: f"gestation:P{age[0]}W{age[1]}D"),
)


def age(text: str) -> dict:
    return {"age": {"iso8601duration": text}}


def span(start: str, end: str) -> dict:
    return {"ageRange": {"start": {"iso8601duration": start}, "end": {"iso8601duration": end}}}


def feature(term: str = "HP:0001337", **parts) -> dict:
    return {"type": {"id": term, "label": "x"}, **parts}


def packet(name: str = "a", **parts) -> dict:
    return {"id": name, "subject": {"id": "s"}, "metaData": {}} | parts


@given(text=TOLD)
def test_a_time_in_words_is_the_element_and_back(text):
    """What is kept as text is enough to write the time element again."""
    assert read_time(time_element(text)).text == text


@pytest.mark.parametrize(
    ("element", "years", "text"),
    [
        (age("P2Y6M"), 2.5, ""),
        (span("P40Y", "P49Y"), 44.5, "P40Y/P49Y"),
        (span("P20Y", "P60Y"), math.nan, "P20Y/P60Y"),
        ({"ontologyClass": {"id": "HP:0003581", "label": "Adult onset"}}, math.nan, "HP:0003581"),
        ({"timestamp": "2020-05-06T07:08:09Z"}, math.nan, "2020-05-06"),
        (
            {"interval": {"start": "2020-05-06T00:00:00Z", "end": "2020-06-06T00:00:00Z"}},
            math.nan,
            "2020-05-06/2020-06-06",
        ),
        ({"gestationalAge": {"weeks": 20, "days": 3}}, math.nan, "gestation:P20W3D"),
        ({"gestationalAge": {"weeks": 20}}, math.nan, "gestation:P20W0D"),
        (None, math.nan, ""),
    ],
)
def test_the_onset_of_a_disease_is_an_age_or_told_in_words(read, left, element, years, text):
    """An age is a number; a narrow range its middle, which is said; a class, a date, a week of pregnancy none."""
    cohort = read(packet(diseases=[{"term": {"id": "MONDO:0003441"}, "onset": element}]))
    visit = cohort.visits.iloc[0]
    assert visit["age_at_onset_y"] == pytest.approx(years, nan_ok=True)
    assert visit.get("onset_described", "") == text
    assert visit["disease_code"] == "MONDO:0003441"
    assert left(cohort) == ([("AGE_RANGE", "diseases.onset")] if years == 44.5 else [])


def test_the_onset_of_an_excluded_disease_is_nobody_s(read):
    """A disease that was ruled out has not begun."""
    diseases = [
        {"term": {"id": "MONDO:1"}, "excluded": True, "onset": age("P1Y")},
        {"term": {"id": "MONDO:2"}, "onset": {"ontologyClass": {"id": "HP:0003577", "label": "x"}}},
        {"term": {"id": "MONDO:3"}, "onset": age("P5Y")},
    ]
    visit = read(packet(diseases=diseases)).visits.iloc[0]
    assert visit[["age_at_onset_y", "onset_described", "disease_code"]].tolist() == [5.0, "HP:0003577", "MONDO:2"]


@pytest.mark.parametrize(
    ("subject", "years", "day"),
    [
        ({"timeAtLastEncounter": age("P30Y")}, 30.0, ""),
        ({"timeAtLastEncounter": span("P30Y", "P32Y")}, 31.0, ""),
        ({"timeAtLastEncounter": {"timestamp": "2020-01-01T00:00:00Z"}}, math.nan, "2020-01-01"),
        (
            {"timeAtLastEncounter": {"timestamp": "2024-01-01T00:00:00Z"}, "dateOfBirth": "2020-01-01T00:00:00Z"},
            4.0,
            "2024-01-01",
        ),
    ],
)
def test_the_encounter_gives_the_age_and_the_day(read, subject, years, day):
    """With a date of birth, a date is an age too."""
    visit = read(packet(subject={"id": "s"} | subject)).visits.iloc[0]
    assert visit["age_at_visit_y"] == pytest.approx(years, nan_ok=True)
    assert visit.get("visit_date", "") == day


@pytest.mark.parametrize("place", ["subject", "diseases"])
@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (age("two years"), "DURATION_FORMAT"),
        (span("P9Y", "P2Y"), "DURATION_FORMAT"),
        ({"timestamp": "03/04/2024"}, "DATE_FORMAT"),
        ({"timestamp": "2024-13-01T00:00:00Z"}, "DATE_FORMAT"),
        ({"interval": {"start": "2024-02-01", "end": "2024-01-01"}}, "DATE_FORMAT"),
        ({"gestationalAge": {"weeks": -1}}, "DURATION_FORMAT"),
        ({"age": 5}, "NOT_A_PHENOPACKET"),
    ],
)
def test_a_time_that_is_none_costs_its_packet(read, place, element, reason):
    """The packet is rejected with the reason, and the others are read."""
    parts = {"subject": {"subject": {"timeAtLastEncounter": element}}, "diseases": {"diseases": [{"onset": element}]}}
    cohort = read(packet("a"), packet("bad", **parts[place]), packet("c"))
    assert cohort.rejects["reasons"].tolist() == [reason]
    assert cohort.visits["row"].tolist() == [1, 3]


def test_details_of_findings_stand_beside_them(read, left):
    """Onset, severity and modifiers keep the term that they belong to; what has no column is noted once."""
    severe, worse = {"id": "HP:0012828", "label": "Severe"}, {"id": "HP:0025303", "label": "Episodic"}
    features = [
        feature(severity=severe, modifiers=[worse, severe], onset=age("P2Y"), evidence=[{"evidenceCode": {"id": "x"}}]),
        feature("HP:0000473", excluded=True, onset=age("soon"), resolution=age("P3Y"), evidence=[{}]),
    ]
    cohort = read(packet(phenotypicFeatures=features))
    visit = cohort.visits.iloc[0]
    assert visit["findings"] == "HP:0001337|!HP:0000473"
    assert visit["findings_onset"] == "HP:0001337=P2Y"
    assert visit["findings_severity"] == "HP:0001337=HP:0012828"
    assert visit["findings_modifiers"] == "HP:0001337=HP:0025303|HP:0001337=HP:0012828"
    assert left(cohort) == [
        ("NOT_CARRIED", "phenotypicFeatures.evidence"),
        ("NOT_CARRIED", "phenotypicFeatures.onset"),
        ("NOT_CARRIED", "phenotypicFeatures.resolution"),
    ]


@pytest.mark.parametrize("term", ["HP:0001337|!HP:0001250", "!HP:0001337", "HP:0001337 ", "a=b", ""])
def test_an_id_cannot_smuggle_in_another_finding(read, left, term):
    """The marks of our own cells have no place in an id: the finding is left out, and that is said."""
    cohort = read(packet(phenotypicFeatures=[feature(term), feature("HP:0000473")]))
    assert cohort.visits["findings"].tolist() == ["HP:0000473"]
    assert left(cohort) == [("NOT_CARRIED", "phenotypicFeatures.type")]


def test_version_1_is_refused(read):
    """There, `negated` says what `excluded` says here: read as version 2, a ruled-out sign would be an observed one."""
    assert read(packet(phenotypicFeatures=[feature(negated=True)])).rejects["reasons"].tolist() == ["NOT_A_PHENOPACKET"]


def test_sex_and_vital_status(read, left):
    """Both where they are known; another sex is noted, since we have no word for it."""
    cohort = read(
        packet("a", subject={"sex": "MALE", "vitalStatus": {"status": "DECEASED", "timeOfDeath": age("P60Y")}}),
        packet("b", subject={"sex": "UNKNOWN_SEX", "vitalStatus": {"status": "ALIVE"}}),
        packet("c", subject={"sex": "OTHER_SEX", "karyotypicSex": "UNKNOWN_KARYOTYPE"}),
    )
    assert cohort.visits[["sex", "vital_status"]].to_numpy().tolist() == [["male", "deceased"], ["", "alive"], ["", ""]]
    assert left(cohort) == [("NOT_CARRIED", "subject.sex"), ("NOT_CARRIED", "subject.vitalStatus.timeOfDeath")]


def test_treatments_become_rows_of_their_own(read, left):
    """Agents and procedures by their labels, a row a dose interval; what is none of ours is noted."""
    toxin = {
        "agent": {"id": "DrugCentral:1", "label": "OnabotulinumtoxinA"},
        "routeOfAdministration": {"id": "NCIT:1", "label": "intramuscular"},
        "doseIntervals": [
            {
                "quantity": {"unit": {"id": "x", "label": "units"}, "value": 150},
                "interval": {"start": f"2020-0{month}-01T00:00:00Z", "end": f"2020-0{month}-01T00:00:00Z"},
            }
            for month in (1, 4)
        ],
    }
    actions = [
        {"treatment": toxin, "responseToTreatment": {"id": "NCIT:2"}},
        {"treatment": {"agent": {"id": "x:1", "label": "Trihexyphenidyl"}}},
        {"procedure": {"code": {"id": "x:2", "label": "Deep brain stimulation"}, "performed": age("P40Y")}},
        {
            "procedure": {
                "code": {"id": "x:3", "label": "Selective denervation"},
                "bodySite": {"id": "x", "label": "neck"},
            }
        },
        {"treatment": {"agent": {"id": "x:4", "label": "ibuprofen"}}},
        {"radiationTherapy": {"modality": {"id": "x:5"}}},
    ]
    cohort = read(packet(medicalActions=actions), packet("b"))
    columns = ["patient_id", "kind", "treatment_date", "dose_toxin_units", "region", "drug"]
    rows = cohort.treatments[columns].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["a", "botulinum_toxin", "2020-01-01", 150.0, "", "OnabotulinumtoxinA"],
        ["a", "botulinum_toxin", "2020-04-01", 150.0, "", "OnabotulinumtoxinA"],
        ["a", "anticholinergic", "", None, "", "Trihexyphenidyl"],
        ["a", "dbs", "", None, "", ""],
        ["a", "denervation", "", None, "neck", ""],
    ]
    assert cohort.treatments["age_at_visit_y"].tolist()[3] == 40.0
    assert left(cohort) == [
        ("NOT_CARRIED", "medicalActions"),
        ("NOT_CARRIED", "medicalActions.responseToTreatment"),
        ("NOT_CARRIED", "medicalActions.treatment.routeOfAdministration"),
    ]


def test_a_dose_in_another_unit_is_not_taken_for_toxin(read, left):
    """Milligrams are no units of toxin, and units of levodopa are no toxin."""
    dose = {"quantity": {"unit": {"id": "UCUM:mg", "label": "milligram"}, "value": 5}}
    cohort = read(
        packet(
            medicalActions=[{"treatment": {"agent": {"id": "x", "label": "botulinum toxin"}, "doseIntervals": [dose]}}]
        )
    )
    assert cohort.treatments["dose_toxin_units"].isna().all()
    assert left(cohort) == [("NOT_CARRIED", "medicalActions.treatment.doseIntervals.quantity")]


def test_a_file_without_medical_actions_says_nothing_of_treatments(read):
    """No table is not the same as none given."""
    assert "kind" in read(packet(medicalActions=[])).treatments
    assert "kind" not in read(packet()).treatments


def test_every_word_of_the_treatments_names_a_kind_of_ours():
    """The vocabulary of labels can't drift from that of the table."""
    assert set(_WORDS.values()) == set(TREATMENT_KINDS)
    assert all(kind_of({"id": "x", "label": word.title()}) == kind for word, kind in _WORDS.items())
    assert kind_of({"id": "x", "label": "levodopa and placebo"}) is None


def measured(assay: str, value: float, unit: str) -> dict:
    return {"assay": {"id": assay}, "value": {"quantity": {"unit": {"id": unit}, "value": value}}}


def test_a_measurement_needs_our_column_and_its_unit(read, left):
    """A value in another unit is not converted by guess, nor taken as it stands."""
    ours = "dystonia-pipeline:twstrs_total_points"
    taken = read(packet(measurements=[measured(ours, 40, "UCUM:{score}")]))
    assert taken.visits["twstrs_total_points"].tolist() == [40.0]
    for other in (measured(ours, 40, "UCUM:%"), measured("LOINC:0-0", 40, "UCUM:{score}"), {"assay": {"id": ours}}):
        cohort = read(packet(measurements=[other]))
        assert "twstrs_total_points" not in cohort.visits
        assert left(cohort) == [("NOT_CARRIED", "measurements")]
    beyond = read(packet(measurements=[measured(ours, 400, "UCUM:{score}")]))
    assert beyond.rejects["reasons"].tolist() == ["OUT_OF_RANGE"]


def test_the_gene_that_is_held_to_be_the_cause(read, left):
    """Its symbol is carried, the variant is not, and that is said."""

    def found(symbol, status):
        variant = {"variationDescriptor": {"geneContext": {"symbol": symbol}}}
        return {"interpretationStatus": status, "variantInterpretation": variant}

    genes = [found("TOR1A", "CAUSATIVE"), found("TOR1A", "CAUSATIVE"), found("GCH1", "REJECTED")]
    cohort = read(packet(interpretations=[{"diagnosis": {"genomicInterpretations": genes}}]))
    assert cohort.visits["gene"].tolist() == ["TOR1A"]
    assert left(cohort) == [("NOT_CARRIED", "interpretations")]


def test_a_family_is_its_members(read, left):
    """Proband and relatives are records of their own, under the family's publication; the pedigree is noted."""
    family = {
        "id": "f",
        "proband": {"id": "p", "phenotypicFeatures": [feature()]},
        "relatives": [{"id": "r1"}, {"id": "r2", "metaData": {"externalReferences": [{"id": "PMID:2"}]}}],
        "pedigree": {"persons": [{"individualId": "p"}]},
        "metaData": {"externalReferences": [{"id": "PMID:1"}]},
    }
    cohort = read(packet("a"), family, packet("z"))
    assert cohort.visits["patient_id"].tolist() == ["a", "p", "r1", "r2", "z"]
    assert cohort.visits["row"].tolist() == [1, 2, 3, 4, 5]
    assert cohort.visits["publication"].tolist() == ["", "PMID:1", "PMID:1", "PMID:2", ""]
    assert left(cohort) == [("NOT_CARRIED", "pedigree")]


def test_a_cohort_and_an_array_are_their_members(read):
    """One JSON text may hold many packets."""
    assert read({"id": "c", "members": [packet("a"), packet("b")]}).visits["patient_id"].tolist() == ["a", "b"]
    array = read([packet("a"), 5, packet("b")], suffix=".json")
    assert array.visits["row"].tolist() == [1, 3]
    assert array.rejects["row"].tolist() == [2]
    assert len(read([], suffix=".json")) == 0


def test_names_of_the_schema_s_own_language_are_read(read):
    """Some writers keep `phenotypic_features`; a packet is not emptied for it."""
    text = json.dumps(packet(phenotypicFeatures=[feature()], subject={"timeAtLastEncounter": age("P3Y")}))
    snake = json.loads(
        text.replace("phenotypicFeatures", "phenotypic_features")
        .replace("metaData", "meta_data")
        .replace("timeAtLastEncounter", "time_at_last_encounter")
    )
    visit = read(snake).visits.iloc[0]
    assert visit[["findings", "age_at_visit_y"]].tolist() == ["HP:0001337", 3.0]


def test_a_name_that_the_standard_does_not_have_is_not_repeated(read, left):
    """It may be anything, a patient's name too."""
    assert left(read(packet(**{"Jane Doe": 1}))) == [("NOT_CARRIED", "other")]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=5) | TOLD,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "label", "age", "value"]), inner)
    ),
    max_leaves=6,
)


def places(whole, before=()):
    """Give every place of a JSON value."""
    steps = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for step, inner in steps:
        yield (*before, step)
        yield from places(inner, (*before, step))


FULL = packet(
    subject={
        "id": "s",
        "sex": "MALE",
        "dateOfBirth": "2000-01-01",
        "vitalStatus": {"status": "ALIVE"},
        "timeAtLastEncounter": age("P3Y"),
    },
    phenotypicFeatures=[feature(onset=span("P1Y", "P2Y"), severity={"id": "HP:0012828"}, modifiers=[{"id": "HP:1"}])],
    diseases=[{"term": {"id": "MONDO:1"}, "excluded": False, "onset": {"gestationalAge": {"weeks": 2}}}],
    measurements=[measured("dystonia-pipeline:twstrs_total_points", 4, "{score}")],
    interpretations=[
        {"diagnosis": {"genomicInterpretations": [{"interpretationStatus": "CAUSATIVE", "gene": {"symbol": "X"}}]}}
    ],
    medicalActions=[
        {
            "treatment": {
                "agent": {"id": "x", "label": "baclofen"},
                "doseIntervals": [
                    {
                        "interval": {"start": "2020-01-01", "end": "2020-01-01"},
                        "quantity": {"unit": {"id": "U"}, "value": 1},
                    }
                ],
            },
            "treatmentTarget": {"id": "x"},
        },
        {
            "procedure": {
                "code": {"id": "x", "label": "denervation"},
                "bodySite": {"id": "x", "label": "neck"},
                "performed": age("P2Y"),
            }
        },
    ],
    metaData={"externalReferences": [{"id": "PMID:1"}], "createdBy": "dystonia-pipeline"},
)


@given(data=st.data(), wrap=st.sampled_from(["packet", "family", "cohort"]))
def test_any_json_at_any_place_costs_no_more_than_its_packet(read, data, wrap):
    """No crash, no record lost or doubled, and a reason from the list for each that is not taken."""
    hostile = json.loads(json.dumps(FULL))
    place = data.draw(st.sampled_from(list(places(FULL))))
    inner = hostile
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = data.draw(ANYTHING)
    whole = {"packet": hostile, "family": {"proband": hostile}, "cohort": {"members": [hostile]}}[wrap]
    cohort = read(packet("first"), whole, packet("last"))
    assert sorted([*cohort.visits["row"], *cohort.rejects["row"]]) == [1, 2, 3]
    assert {word for words in cohort.rejects["reasons"] for word in words.split("|")} <= set(REASONS)
    assert set(cohort.notes["reason"]) <= set(REASONS)


def test_published_cases_are_taken_with_what_they_say(real_data):
    """Onsets in words, genes and details of findings of the published cases come in, and what does not is counted."""
    from pipeline.check import check
    from pipeline.reading.source import Options

    found = check(Path(real_data) / "phenopackets" / "movement_phenopackets.jsonl", Options(strict=True))
    assert found["predicted"] + found["rejected"] == 826
    assert found["filled"]["onset_described"] == 228
    assert found["filled"]["gene"] == found["predicted"]
    assert found["filled"]["findings_onset"] > 300
    assert set(found["notes"]) == {"NOT_CARRIED"}


def test_check_says_what_was_left_out_and_how_often(capsys):
    """The names are those of the standard: who wants more columns knows which."""
    packet = {"id": "a", "subject": {"id": "a", "karyotypicSex": "XX"}, "metaData": {"created": "2026-01-02"}}
    lines = [packet, packet | {"id": "b", "files": [{"uri": "x"}]}]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert main(["check", "cases.jsonl", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["not_carried"] == {"files": 1, "subject.karyotypicSex": 2}
    assert found["notes"]["NOT_CARRIED"] == 3
    assert main(["check", "cases.jsonl"]) == 0
    assert "left out: 2 x subject.karyotypicSex" in capsys.readouterr().out
