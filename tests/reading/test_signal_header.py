"""What is wrong with the first line of a CSV of samples is said, and the line itself is not."""

import codecs
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_layout import layout_of
from pipeline.reading.signal_quality import judge

ROW = {"body_site": "head", "task": "rest", "sensor": "accelerometer", "unit": "g", "rate_hz": 100.0, "file": "s.csv"}
SAMPLES = "0.00,0.1,0.2,1.0\n0.01,0.2,0.1,1.0\n"


def opened(content, **row):
    folder = Path(mkdtemp(dir=Path.cwd()))
    (folder / "s.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return SignalFile(folder, "s.csv", layout_of(ROW | row), "a recording")


@pytest.mark.parametrize(
    ("content", "row", "said"),
    [
        ("time_s,x,y\n" + SAMPLES, {}, r"lacks a column that is declared\. Give 'columns' and 'time_column'"),
        ("time_s,x,x,z\n" + SAMPLES, {}, "has a column twice"),
        ("time_s, x, y, z\n" + SAMPLES, {}, "by letter case or blanks"),
        ("Time_S,X,Y,Z\n" + SAMPLES, {}, "by letter case or blanks"),
        (SAMPLES, {}, "numbers and no names"),
        (
            SAMPLES.replace(",", ";").replace(".", ","),
            {"delimiter": "semicolon", "decimal": "comma"},
            "numbers and no names",
        ),
        (("time_s,x,y,z\n" + SAMPLES).replace(",", ";"), {}, "separated by a semicolon, but a comma was declared"),
        (("time_s,x,y,z\n" + SAMPLES), {"delimiter": "tab"}, "separated by a comma, but a tab was declared"),
        ("note\ntime_s,x,y,z\n" + SAMPLES, {}, "lacks a column"),
        ("time_s,x,y,z\n" + SAMPLES, {"skipped_lines_count": 9}, "lacks a column"),
    ],
)
def test_R7_what_is_wrong_with_a_header_is_said(content, row, said):
    with pytest.raises(ContractError, match=said) as refused:
        judge(opened(content, **row))
    assert refused.value.code == "CHANNEL"


@pytest.mark.parametrize("bom", [codecs.BOM_UTF16_LE, b""])
@pytest.mark.parametrize("row", [{}, {"header": "no", "columns": "2|3|4", "time_column": "1", "time_unit": "s"}])
def test_R7_another_encoding_is_named(bom, row):
    content = bom + ("time_s,x,y,z\n" + SAMPLES).encode("utf-16-le")
    with pytest.raises(ContractError, match=r"looks like UTF-16.*Save it as UTF-8"):
        judge(opened(content, **row))


@pytest.mark.parametrize("row", [{}, {"header": "no", "columns": "2|3|4", "time_column": "1", "time_unit": "s"}])
@pytest.mark.parametrize("content", ["", "time_s,x,y,z\n"])
def test_R2_a_file_without_a_sample_is_too_short_and_nothing_else(content, row):
    """Which channels it has, nobody can say of a file that has no sample."""
    verdict = judge(opened("" if row else content, **row))
    assert (verdict.unfit, verdict.flags) == ("TOO_SHORT", ())


@given(st.lists(st.text("abcXYZ 0123.", min_size=3), min_size=1, max_size=6))
def test_a_header_is_never_quoted(names):
    """A file without a header may begin with a patient's name."""
    try:
        judge(opened(",".join(names) + "\n" + SAMPLES))
    except ContractError as refused:
        said = str(refused).replace("a recording: ", "")
        words = {name.strip() for name in names if len(name.strip()) > 3}
        assert not any(word in said for word in words)
