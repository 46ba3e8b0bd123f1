"""A browser without a window, where Chromium and its driver are installed."""

import json
import shutil
from contextlib import contextmanager

import pytest


@contextmanager
def chromium(profile, *, size):
    """Start Chromium with an empty profile and a window of that size; skip without."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs Chromium and its driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
        *("disable-background-networking", "disable-component-update", "disable-sync"),
        "window-size={},{}".format(*size),
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield started
    finally:
        started.quit()


def requests(browser):
    """Return the addresses that a page has asked for since the last call.

    Chromium's own pages, as the one it opens with, are left out.
    """
    events = (
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    )
    asked = (
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    )
    return [url for url in asked if not url.startswith("chrome")]
