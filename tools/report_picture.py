"""The picture of a report, in README: ``python -m tools.report_picture REPORT.html``; needs Chromium and its driver."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PICTURE = Path(__file__).parents[1] / "docs" / "report.png"
_WIDE = 1000
_SCALE = 0.9
_COLOURS = 64
_END = "return document.querySelector('.figures figcaption').getBoundingClientRect().bottom + 16"
"""Down to where the first figures end: what is needed to know what such a page is."""


def shoot(report: Path, driver: str = "/usr/bin/chromedriver") -> Image.Image:
    """Return how a report begins, with its first two figures, in few colours so that it is small."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--hide-scrollbars", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    with webdriver.Chrome(options=options, service=Service(driver)) as chrome:
        shape = {"width": _WIDE, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        chrome.get(report.resolve().as_uri())
        shape["height"] = int(chrome.execute_script(_END))
        shape["deviceScaleFactor"] = _SCALE
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        taken = chrome.get_screenshot_as_png()
    return Image.open(io.BytesIO(taken)).convert("RGB").quantize(_COLOURS)


if __name__ == "__main__":
    shoot(Path(sys.argv[1])).save(PICTURE, optimize=True)
