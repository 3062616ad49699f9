"""What a reader of a report relies on: it asks for nothing, runs nothing, and shows what report.json holds."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.report import figures_of, html_page

HOSTILE = st.one_of(
    st.sampled_from(
        ["<script>x</script>", "</script>", '" onload="x', "\u202egpj.exe", "$\\frac{$", "{{ 7*7 }}", "ظهر"]
    ),
    st.text(max_size=12),
)
ACTIVE = {"script", "iframe", "object", "embed", "form", "link", "base", "svg"}
INTERVAL = {"value": 0.875, "low": 0.75, "high": 0.9375}


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


def report_of(name, label):
    """A report in which every name is the same strange text."""
    scores = {"log_loss": INTERVAL, "accuracy": INTERVAL, "macro_auc": INTERVAL, "prior": {"log_loss": 1.0625}}
    horizons = {"5y": {"observed_over_expected": INTERVAL, "concordance": {"value": None, "low": None, "high": None}}}
    horizons["5y"] |= {"auc": INTERVAL, "brier": INTERVAL}
    points = [{"predicted": 0.25, "observed": 0.5, "low": 0.125, "high": 0.625, "rows": 17}]
    counts = {"visits": 31, "patients": 23, "groups": 23}
    curve = [
        {"threshold": at, "value": 0.35, "low": -0.15, "high": 0.45, "all": 0.21, "simple": None} for at in (0.1, 0.2)
    ]
    curves = {label: {"points": curve, "useful": [0.1, 0.2]}, "no" + label: {"points": [], "useful": []}}
    parted = {"age": {name: {"people": 41, "scores": {}}, "other": {"people": "suppressed", "scores": {}}}}
    typed = {
        "counts": counts | {"labels": {label: 19, "other": "suppressed"}},
        "scores": scores,
        "warnings": [f"feature '{name}' tells"],
        "comparators": {name: scores},
        "chosen": name,
        "candidates": {name: 1.5},
        "calibration": {"of": label, "points": points, "calibration_slope": INTERVAL, "ici": INTERVAL}
        | {"ici_by_chance": {"value": 0.0625, "high": 0.1875}},
        "confusion": {name: {label: {"people": 29, "taken_for": {label: 22, name: "suppressed"}}}},
        "decisions": curves,
        "subgroups": parted | {"sex": {name: {"people": 43, "scores": {"accuracy": INTERVAL}}}},
        "one_against_rest": {label: INTERVAL, "other": "suppressed"},
        "sets": {name: {"promised": 0.9, "coverage": INTERVAL, "sizes": {"1": 18, "2": "suppressed"}}},
    }
    timed = {
        "counts": counts | {"events": "suppressed"},
        "scores": horizons,
        "warnings": [],
        "comparators": {name: horizons},
        "left_out_sites": horizons,
        "calibration": {"of": "5y", "points": []},
        "decisions": {},
        "subgroups": parted,
    }
    return {
        "model": name,
        "study": name,
        "title": name,
        "synthetic": True,
        "external": False,
        "people": {
            "people": 53,
            "columns": {
                name: {"known": 47, "mean": 1.1, "sd": 1.2, "unit": "y"},
                "sex": {"counts": {label: 37, "not recorded": "suppressed"}},
            },
        },
        "missing": {name: {"share": 0.17, "sex": {"least": 0.13, "most": 0.19}}},
        "rows": {"visits": 31, "rejected": 0, "notes": 2},
        "group_by": name,
        "features": 12,
        "targets": {"type" + name: typed, "spread": timed},
    }


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
    assert page.tags.count("img") == page.tags.count("figcaption") == len(figures_of(report_of("name", "label"))) == 10
    assert all(len(value) > 20 for name, value in page.attributes if name == "alt")
    assert "Trained on synthetic data" in page.words


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
