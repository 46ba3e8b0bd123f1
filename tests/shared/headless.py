"""A browser without a window, where Chromium and its driver are installed."""

import json
from contextlib import ExitStack, contextmanager

import browser as real
import pytest


@contextmanager
def chromium(profile, *, size):
    """Start Chromium with an empty profile and a window of that size; skip without."""
    pytest.importorskip("selenium.webdriver")
    with ExitStack() as stack:
        try:
            started = stack.enter_context(real.chromium(profile, size=size))
        except FileNotFoundError as error:
            pytest.skip(str(error))
        yield started


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
