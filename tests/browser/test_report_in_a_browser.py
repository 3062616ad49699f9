"""The report as a reader meets it: on a phone and on a desk, light and dark, whatever names the cohort has."""

import base64
import json
import shutil
from pathlib import Path

import pytest

from pipeline.report import html_page
from tests.report.made_up import report_of

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).parents[2] / ".browser"
WIDTHS = {"phone": 390, "desk": 1280}
HOSTILE = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">'\"{{ 7*7 }}$\\frac{$\u202e"


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium with the driver of the system: nothing is fetched."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver here: install Debian's chromium and chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as chrome:
        yield chrome


@pytest.fixture(scope="module")
def pages(line, tmp_path_factory):
    """A report of a training, and one in which every name is hostile."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "hostile.html").write_text(html_page(report_of(HOSTILE, HOSTILE[::-1] + HOSTILE)), encoding="utf-8")
    shutil.copy(line.bundle_folder / "report.html", folder / "trained.html")
    return folder


def opened(browser, page, width, scheme):
    """Open a page as a device would show it; return the addresses that were asked for."""
    browser.get_log("performance")
    shape = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    preferred = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": preferred})
    browser.get(page.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(each => { each.open = true })")
    said = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [each["params"]["request"]["url"] for each in said if each["method"] == "Network.requestWillBeSent"]


def shoot(browser, name, width):
    height = browser.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("page", ["trained", "hostile"])
def test_a_page_fits_loads_nothing_and_runs_nothing(browser, pages, page, device, scheme):
    """Nothing in the console, nothing asked for, nothing wider than the screen, every picture there with a text."""
    width = WIDTHS[device]
    asked = opened(browser, pages / f"{page}.html", width, scheme)
    shoot(browser, f"{page}-{device}-{scheme}", width)
    assert not [address for address in asked if not address.startswith(("data:", (pages / page).as_uri()))]
    assert not browser.get_log("browser")
    assert browser.title.endswith(": report")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    pictures = browser.execute_script(
        "return [...document.images].map(each => [each.naturalWidth, each.alt, each.currentSrc])"
    )
    assert len(pictures) > 6
    assert all(natural > 100 and len(text) > 20 for natural, text, _ in pictures)
    ink, paper = browser.execute_script(
        "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
    )
    assert contrast(ink, paper) > 7.0
    assert (luminance(paper) < 0.1) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(browser, pages, scheme):
    """Every colour of text has the contrast that WCAG 2.2 asks for (AA: 4.5) with what is behind it."""
    opened(browser, pages / "trained.html", 1280, scheme)
    pairs = browser.execute_script("""
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
