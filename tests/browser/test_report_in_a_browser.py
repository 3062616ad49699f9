"""The report as a reader meets it: on a phone and on a desk, light and dark, whatever names the cohort has."""

import shutil

import pytest

from pipeline.report import html_page
from tests.browser.conftest import WIDTHS
from tests.report.made_up import report_of

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">'\"{{ 7*7 }}$\\frac{$\u202e"


@pytest.fixture(scope="module")
def pages(line, tmp_path_factory):
    """A report of a training, and one in which every name is hostile."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "hostile.html").write_text(html_page(report_of(HOSTILE, HOSTILE[::-1] + HOSTILE)), encoding="utf-8")
    shutil.copy(line.bundle_folder / "report.html", folder / "trained.html")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("page", ["trained", "hostile"])
def test_a_page_fits_loads_nothing_and_runs_nothing(reader, pages, page, device, scheme):
    """Nothing in the console, nothing asked for, nothing wider than the screen, every picture there with a text."""
    width = WIDTHS[device]
    asked = reader.open(pages / f"{page}.html", width, scheme)
    reader.shoot(f"{page}-{device}-{scheme}", width)
    assert not [address for address in asked if not address.startswith(("data:", (pages / page).as_uri()))]
    assert not reader.said()
    assert reader.chrome.title.endswith(": report")
    assert reader.script("return document.documentElement.scrollWidth") <= width
    pictures = reader.script("return [...document.images].map(each => [each.naturalWidth, each.alt, each.currentSrc])")
    assert len(pictures) > 6
    assert all(natural > 100 and len(text) > 20 for natural, text, _ in pictures)
    ink, paper = reader.script(
        "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
    )
    assert contrast(ink, paper) > 7.0
    assert (luminance(paper) < 0.1) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(reader, pages, scheme):
    """Every colour of text has the contrast that WCAG 2.2 asks for (AA: 4.5) with what is behind it."""
    reader.open(pages / "trained.html", 1280, scheme)
    pairs = reader.script("""
        const behind = e => { const c = getComputedStyle(e).backgroundColor;
            return c === 'rgba(0, 0, 0, 0)' && e.parentElement ? behind(e.parentElement) : c };
        return [...document.body.querySelectorAll('*')].filter(e => e.innerText)
            .map(e => [getComputedStyle(e).color, behind(e)])""")
    assert pairs
    assert min(contrast(*pair) for pair in {tuple(pair) for pair in pairs}) >= 4.5


def luminance(colour):
    """Return the relative luminance of a CSS colour, by WCAG 2.2."""
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Return the contrast of two CSS colours, by WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
