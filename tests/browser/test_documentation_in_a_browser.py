"""The documentation as a reader meets it, opened from its folder: on a phone and on a desk, light and dark."""

import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.browser.conftest import WIDTHS

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CUT_OFF = """
    const seen = e => { const box = e.getBoundingClientRect(); return box.width > 120 && box.height > 30 };
    return [...document.querySelectorAll('td svg')].filter(e => !seen(e) || !e.getAttribute('aria-label')).length
"""
"""How many pictures in tables are smaller than what is drawn in them, or have no text."""
PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the site, as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_and_asks_nobody_else(reader, site, page):
    """Nothing in the console, nothing asked of another place, nothing wider than the screen, a text for each picture.

    A wide table or a long line of code may be scrolled inside itself.
    """
    for device, width in WIDTHS.items():
        for scheme in ("light", "dark"):
            asked = reader.open(site / f"{page}.html", width, scheme)
            reader.shoot(f"docs-{page}-{device}-{scheme}", width)
            assert not [url for url in asked if not url.startswith(("data:", "blob:", site.as_uri()))]
            assert not reader.said()
            assert reader.script("return document.documentElement.scrollWidth") <= width, (device, scheme)
            lost = reader.script("return [...document.images].filter(e => !e.naturalWidth || !e.alt).map(e => e.src)")
            assert lost == []
            assert reader.script(CUT_OFF) == 0, (device, scheme)
            dark = reader.script("return document.body.dataset.mdColorScheme") == "slate"
            assert dark == (scheme == "dark")


@pytest.fixture
def served(site):
    """Return the address of the site, as `python -m http.server` gives it out."""
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_search_finds_a_page(reader, served):
    """Asked of the site itself and of nobody else; a browser lets no page from a folder search."""
    asked = reader.open_address(f"{served}/index.html", 1280, "light")
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    field = reader.chrome.find_element(By.CSS_SELECTOR, "input[data-md-component=search-query]")
    reader.script("document.getElementById('__search').click()")
    WebDriverWait(reader.chrome, 10).until(lambda _: field.is_displayed())
    field.send_keys("phenopackets")
    found = (By.CSS_SELECTOR, ".md-search-result__link")
    links = WebDriverWait(reader.chrome, 20).until(lambda chrome: chrome.find_elements(*found))
    assert any("phenopackets.html" in link.get_attribute("href") for link in links)
    assert not [url for url in asked + reader.asked() if not url.startswith(("data:", "blob:", served))]
    assert not reader.said()
