"""GA4GH phenopackets: what a published case says is read as it stands, and hostile JSON is a reject, never a crash."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.vocabulary import REASONS

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = (
    ("id",),
    ("subject",),
    ("subject", "sex"),
    ("subject", "timeAtLastEncounter"),
    ("subject", "timeAtLastEncounter", "age"),
    ("subject", "timeAtLastEncounter", "age", "iso8601duration"),
    ("phenotypicFeatures",),
    ("phenotypicFeatures", 0),
    ("phenotypicFeatures", 0, "type"),
    ("phenotypicFeatures", 0, "type", "id"),
    ("phenotypicFeatures", 0, "excluded"),
    ("diseases",),
    ("diseases", 0),
    ("diseases", 0, "onset"),
    ("diseases", 0, "onset", "age"),
    ("metaData",),
    ("metaData", "externalReferences"),
    ("metaData", "externalReferences", 0),
    ("metaData", "externalReferences", 0, "id"),
)


def packet(name: str = "case1", findings: tuple = (("HP:0001337", False), ("HP:0001250", True)), **parts) -> dict:
    return {
        "id": name,
        "subject": {"id": "patient 1", "sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P30Y6M"}}},
        "phenotypicFeatures": [
            {"type": {"id": term, "label": "x"}} | ({"excluded": True} if excluded else {})
            for term, excluded in findings
        ],
        "diseases": [
            {"term": {"id": "OMIM:1"}},
            {"term": {"id": "OMIM:2"}, "onset": {"ontologyClass": {"id": "HP:0003577"}}},
            {"term": {"id": "OMIM:3"}, "onset": {"age": {"iso8601duration": "P2Y"}}},
        ],
        "metaData": {"externalReferences": [{"id": "PMID:1"}]},
    } | parts


def lines(*packets) -> bytes:
    return b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in packets)


def reasons(cohort) -> dict[int, str]:
    return dict(zip(cohort.rejects["row"].tolist(), cohort.rejects["reasons"].tolist(), strict=True))


def test_a_packet_is_read_as_it_stands(read):
    """Observed and excluded findings, sex, ages from ISO 8601 durations, and the publication come out."""
    visit = read({"cases.jsonl": lines(packet())}).visits.iloc[0]
    assert visit[["source", "row", "patient_id", "visit_id"]].tolist() == ["cases.jsonl", 1, "case1", "case1"]
    assert visit["findings"] == "HP:0001337|!HP:0001250"
    assert visit[["sex", "age_at_visit_y", "age_at_onset_y", "publication"]].tolist() == ["female", 30.5, 2.0, "PMID:1"]


def test_what_a_packet_leaves_out_is_not_recorded(read):
    """Only the id is needed."""
    visit = read({"cases.jsonl": lines({"id": "case1"}, {"id": "x", "subject": None, "diseases": None})}).visits.iloc[0]
    assert visit[["sex", "publication", "findings"]].tolist() == ["", "", ""]
    assert visit[["age_at_visit_y", "age_at_onset_y"]].isna().all()


def test_packets_of_other_publications_are_other_patients(read):
    """A subject's id ("patient 1") repeats between publications; the packet's id tells them apart."""
    cohort = read({"cases.jsonl": lines(packet("a"), packet("b"))})
    assert sorted(cohort.groups) == ["a", "b"]
    assert cohort.rejects.empty


@pytest.mark.parametrize("text", ["30 years", "30", "P", "PT", "", "P-3Y", "-P3Y", "P3", "P1Y2"])
def test_a_duration_that_is_none_costs_its_packet(read, text):
    """The packet is rejected under its number and id, with the reason; the others are read."""
    broken = packet("bad", subject={"timeAtLastEncounter": {"age": {"iso8601duration": text}}})
    cohort = read({"cases.jsonl": lines(packet("a"), broken, packet("b"))})
    assert cohort.rejects[["row", "patient_id", "reasons"]].to_numpy().tolist() == [[2, "bad", "DURATION_FORMAT"]]
    assert cohort.visits["row"].tolist() == [1, 3]


def test_an_age_that_no_one_reaches_is_rejected(read):
    """Ranges hold whatever the source."""
    old = packet("a", subject={"timeAtLastEncounter": {"age": {"iso8601duration": "P310Y"}}})
    endless = packet("b", subject={"timeAtLastEncounter": {"age": {"iso8601duration": f"P{'9' * 400}Y"}}})
    assert reasons(read({"cases.jsonl": lines(old, endless)})) == {1: "OUT_OF_RANGE", 2: "NOT_FINITE"}


def test_junk_lines_are_rejected_under_their_number(read):
    """Blank lines are no records; every other line is one."""
    junk = (b"{\n", b"\n", b"[]\n", b"null\n", b'"id"\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n", b'{"id": 1e999}\n')
    cohort = read({"cases.jsonl": lines(packet("a"), *junk, packet("b"))})
    assert cohort.visits[["row", "patient_id"]].to_numpy().tolist() == [[1, "a"], [9, "b"]]
    assert reasons(cohort) == dict.fromkeys(range(2, 9), "NOT_A_PHENOPACKET")


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n  \n"])
def test_lines_of_nothing_are_a_cohort_of_nobody_or_refused(read, content):
    """A file of blank lines has no records, and one of no bytes is a failed copy."""
    if not content:
        with pytest.raises(ContractError, match="empty"):
            read({"cases.jsonl": content})
    else:
        assert len(read({"cases.jsonl": content})) == 0


def test_a_folder_of_packets_is_a_cohort(read):
    """One packet a file, pretty-printed or not; a file that is no JSON is named."""
    files = {
        "b.json": json.dumps(packet("b"), indent=2),
        "a.json": json.dumps(packet("a")),
        "c.jsonl": lines(packet("c")),
    }
    assert read(files).visits[["source", "patient_id"]].to_numpy().tolist() == [
        ["a.json", "a"],
        ["b.json", "b"],
        ["c.jsonl", "c"],
    ]
    with pytest.raises(ContractError, match=r"bad\.json: not JSON"):
        read(files | {"bad.json": "{"})


def test_the_same_packet_twice(read):
    """Equal ones both come out; of two that differ, neither."""
    same = read({"cases.jsonl": lines(packet("a"), packet("a"))})
    assert len(same) == 2
    torn = read({"cases.jsonl": lines(packet("a"), packet("a", findings=()), packet("b"))})
    assert reasons(torn) == {1: "DUPLICATE_ID_CONFLICT", 2: "DUPLICATE_ID_CONFLICT"}


def test_findings_that_contradict_each_other_and_terms_that_nobody_knows(read):
    """A head tremor without a tremor can't be; an unknown term is noted, and the rest of the packet is read."""
    head_tremor_no_tremor = (("HP:0002346", False), ("HP:0001337", True))
    cohort = read({"cases.jsonl": lines(packet("a", head_tremor_no_tremor), packet("b", (("HP:9999999", False),)))})
    assert reasons(cohort) == {1: "INCONSISTENT"}
    told = cohort.notes[cohort.notes["reason"] != "NOT_CARRIED"]
    assert told[["row", "column", "reason"]].to_numpy().tolist() == [[2, "findings", "UNKNOWN_TERM"]]


@pytest.mark.parametrize("excluded", ["false", "true", 1, 0, None, []])
def test_excluded_is_true_or_false(read, excluded):
    """A finding that can't be told observed from excluded is not guessed."""
    feature = {"type": {"id": "HP:0001337"}, "excluded": excluded}
    cohort = read({"cases.jsonl": lines(packet(phenotypicFeatures=[feature]))})
    assert reasons(cohort) == {1: "NOT_A_PHENOPACKET"}


def replaced(content, place: tuple, value):
    """Return a packet with another value at one place."""
    copy = json.loads(json.dumps(content))
    inner = copy
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return copy


@st.composite
def hostile(draw):
    """Draw any JSON, or a packet with any JSON at one or two of its places."""
    if draw(st.booleans()):
        return draw(ANYTHING)
    content = packet(draw(st.sampled_from(["a", "a", "b", "\ud800", "\0", " ", "", "x" * 300])))
    content["diseases"][0]["onset"] = {"age": {"iso8601duration": "P1Y"}}
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=2, unique=True)):
        try:
            content = replaced(content, place, draw(ANYTHING))
        except (TypeError, KeyError, IndexError):
            continue  # the first change has removed the place of the second
    return content


@given(packets=st.lists(hostile(), min_size=1, max_size=5))
@example(packets=[{"id": "\ud800"}, {"id": "x", "phenotypicFeatures": [{"type": {"id": "\udfff"}}]}])
@example(packets=[{"id": {"a": 1}}, {"id": None}, {"id": True}, {"id": ""}])
def test_every_line_is_taken_or_rejected_once_whatever_it_holds(read, packets):
    """Wrong types anywhere cost a packet its own row and nothing else: no crash, none lost, none twice."""
    cohort = read({"cases.jsonl": lines(*packets)})
    assert sorted([*cohort.visits["row"], *cohort.rejects["row"]]) == list(range(1, len(packets) + 1))
    assert {word for words in cohort.rejects["reasons"] for word in words.split("|")} <= set(REASONS)
    taken = [packets[row - 1] for row in cohort.visits["row"]]
    assert cohort.visits["patient_id"].tolist() == [each["id"] for each in taken]
