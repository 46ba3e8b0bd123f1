"""Take pictures of a study's pages in the MLflow UI, by Chromium without a window.

    .venv/bin/python scripts/ui_pictures.py digits-1 --to pictures

Started in the folder of the search. Writes one PNG for each address that `tunefold ui`
prints: page, table, curves, parameters, figures.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import chromium

TUNEFOLD = Path(sys.executable).with_name("tunefold")
SIZE = (1600, 1000)
MAX_SECONDS = 60
STILL_SECONDS = 3
"""A page that has not changed for so long is drawn."""


@contextmanager
def ui(study: str) -> Iterator[dict[str, str]]:
    """Serve the study; yield its addresses by name."""
    server = subprocess.Popen(
        [TUNEFOLD, "ui", study], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        lines = [server.stdout.readline().split() for _ in range(5)]
        if not all(len(line) == 2 for line in lines):
            raise SystemExit(server.wait())  # it has said why
        yield {name: url for name, url in lines}  # noqa: C416  (two words each)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


CLOSE_ASSISTANT = """
    document.querySelector('[data-component-id="mlflow.assistant.chat_panel.close"]')
    ?.click()
"""
"""MLflow 3.17 opens it at the right in a browser that is new to it."""


def wait_until_still(browser: Any) -> None:
    """Wait for the page to have stopped changing."""
    began = unchanged_since = time.monotonic()
    before = ""
    while time.monotonic() - unchanged_since < STILL_SECONDS:
        if time.monotonic() - began > MAX_SECONDS:
            return
        now = str(browser.execute_script("return document.body.innerHTML"))
        if now != before or len(now) < 1000:
            before, unchanged_since = now, time.monotonic()
        time.sleep(0.3)


def main() -> None:
    """Draw what the command line asks for."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("study")
    asked.add_argument("--to", type=Path, default=Path("pictures"))
    words = asked.parse_args()
    words.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as profile,
        ui(words.study) as addresses,
        chromium(Path(profile), size=SIZE) as browser,
    ):
        for name, url in addresses.items():
            browser.get(url)
            wait_until_still(browser)
            browser.execute_script(CLOSE_ASSISTANT)
            wait_until_still(browser)
            file = words.to / f"{name}.png"
            browser.save_screenshot(str(file))
            print(file)


if __name__ == "__main__":
    main()
