"""What a reader of a report relies on: it asks for nothing, runs nothing, and shows what report.json holds."""

import json
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.report import figures_of, html_page
from pipeline.tripod import ITEMS
from tests.report.made_up import report_of

HOSTILE = st.one_of(
    st.sampled_from(
        ["<script>x</script>", "</script>", '" onload="x', "\u202egpj.exe", "$\\frac{$", "{{ 7*7 }}", "ظهر"]
    ),
    st.text(max_size=12),
)
ACTIVE = {"script", "iframe", "object", "embed", "form", "link", "base", "svg"}


class Page(HTMLParser):
    """What a page holds."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words, self.numbers = [], [], "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.numbers += [float(value) for name, value in attrs if tag == "data" and name == "value"]

    def handle_data(self, data):
        self.words += data


def leaves(value):
    if isinstance(value, dict | list):
        return [leaf for each in (value.values() if isinstance(value, dict) else value) for leaf in leaves(each)]
    return [value]


def check_inert(html):
    page = Page(html)
    assert not ACTIVE & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [
        v for name, v in page.attributes if name in ("src", "srcset") and not v.startswith("data:image/svg+xml;")
    ]
    assert not [value for name, value in page.attributes if name == "href" and not value.startswith("#")]
    assert "url(" not in html
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:") in page.attributes
    return page


@settings(max_examples=8)
@given(name=HOSTILE, label=HOSTILE)
@example(name="<script>alert(1)</script>", label="\u202e</title><img src=x onerror=x>$\\frac{$ظ")
def test_no_name_can_make_a_page_do_or_load_anything(name, label):
    """Whatever stands as label, column, comparator, title: tags are the template's own, signs that hide are gone."""
    html = html_page(report_of(name, label))
    page = check_inert(html)
    plain = report_of("x" if name else "", ("x" if name == label else "y") if label else "")
    assert page.tags == Page(html_page(plain)).tags
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2069\x00\x1b") & set(html)


def test_every_number_is_one_of_the_report():
    report = report_of("name", "label")
    page = Page(html_page(report))
    known = {float(leaf) for leaf in leaves(report) if isinstance(leaf, int | float)}
    assert len(page.numbers) > 30
    assert set(page.numbers) == known - {1.0}  # a flag is no number: synthetic


def test_every_figure_has_a_sentence_and_a_text_instead():
    page = Page(html_page(report_of("name", "label")))
    assert page.tags.count("img") == page.tags.count("figcaption") == len(figures_of(report_of("name", "label"))) == 12
    assert all(len(value) > 20 for name, value in page.attributes if name == "alt")
    assert "Trained on synthetic data" in page.words


def test_the_table_has_every_item_and_marks_what_only_people_can_say():
    """The counts are those of the checklist; what is typed in the study stands there, the rest is missing in red."""
    filled = Counter(item.filled for item in ITEMS)
    assert filled == {"software": 26, "half": 4, "people": 22}
    assert len({item.number for item in ITEMS}) == 52
    words = Page(html_page(report_of("name", "label"))).words
    assert "52 items, 21 of them missing" in words
    assert words.count("Missing.") == 21
    assert words.count("The rest is missing.") == 4


def test_the_same_numbers_give_the_same_bytes():
    assert html_page(report_of("name", "label")) == html_page(report_of("name", "label"))


@pytest.mark.parametrize("name", ["type", "spread"])
def test_a_trained_model_has_its_report_beside_it(line, name):
    """The page beside the model is that of its report.json, and names no patient."""
    report = json.loads((line.bundle_folder / "report.json").read_text())
    html = (line.bundle_folder / "report.html").read_text(encoding="utf-8")
    assert html == html_page(report)
    page = check_inert(html)
    assert name in page.words
    assert not [patient for patient in set(line.cohort.visits["patient_id"]) if patient in page.words]
    assert report["targets"][name]["calibration"]["points"]
