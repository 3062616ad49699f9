"""A browser as a phone or a desk has it, light or dark."""

import base64
import json
import shutil
from pathlib import Path

import pytest

SHOTS = Path(__file__).parents[2] / ".browser"
WIDTHS = {"phone": 390, "desk": 1280}


class Reader:
    """Headless Chromium that tells what a page asked for.

    Parameters
    ----------
    chrome : selenium.webdriver.Chrome
    """

    def __init__(self, chrome):
        self.chrome = chrome

    def open(self, page, width, scheme):
        """Open a page of this machine: see `open_address`."""
        return self.open_address(page.as_uri(), width, scheme)

    def open_address(self, address, width, scheme):
        """Open a page as a device would show it, with all that is folded unfolded; return what was asked for."""
        self.chrome.get_log("performance")
        self.chrome.get_log("browser")
        shape = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        preferred = [{"name": "prefers-color-scheme", "value": scheme}]
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": preferred})
        self.chrome.get(address)
        self.script("document.querySelectorAll('details').forEach(each => { each.open = true })")
        return self.asked()

    def asked(self):
        """Return the addresses that were asked for since this was last asked."""
        said = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        return [each["params"]["request"]["url"] for each in said if each["method"] == "Network.requestWillBeSent"]

    def script(self, text):
        return self.chrome.execute_script(text)

    def said(self):
        """Return what stands in the console."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]

    def shoot(self, name, width):
        """Keep a picture of the whole page."""
        height = min(self.script("return document.documentElement.scrollHeight"), 12000)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = self.chrome.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        SHOTS.mkdir(exist_ok=True)
        (SHOTS / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


@pytest.fixture(scope="session")
def reader():
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
        yield Reader(chrome)
