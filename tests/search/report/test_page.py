"""The page by itself: what it says, what it escapes, what a browser makes of it."""

import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from headless import chromium, requests

from search.figures.drawing import Missing, Shown, draw_all
from search.report.page import make_page, packed_plotly

FACTS = {"keras": "3.15.0", "processor": "<script>alert(1)</script>"}
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def study(make_study, make_trial, make_out_of_fold):
    """A study with what a report can show, in words that are no HTML."""
    found = make_study(
        14,
        predictions=make_out_of_fold(),
        classes=("a", EVIL, "c"),
        pruner="asha",
        data_source=EVIL,
        tags={"course": EVIL},
    )
    trials = [
        *found.trials,
        make_trial(14, state="stopped", n_folds=1, reason=f"worse than {EVIL}"),
        make_trial(15, state="failed", folds=(), reason="out of memory"),
    ]
    trials[2] = replace(trials[2], engine=EVIL)
    trials[4] = replace(trials[4], params=trials[4].params | {"l2": EVIL})
    return replace(found, trials=trials)


@pytest.fixture(scope="module")
def made():
    """What is made once for all tests: the drawings take seconds."""
    return {}


@pytest.fixture
def page(study, tmp_path, made):
    if not made:
        made["figures"] = draw_all(study, tmp_path, formats=("svg",))
        made["page"] = make_page(study, made["figures"], FACTS)
    return made["page"]


class Reader(HTMLParser):
    """Tags, attributes and words of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.events, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "data", "srcset"):
                self.addresses.append(value)
            if name.startswith("on"):
                self.events.append((tag, name))

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_is_whole_and_small(page, study):
    assert len(page.encode()) < 5_000_000
    read = Reader(page)
    text = " ".join(read.words)
    assert re.findall(r"<dd>(.*could not be.*)</dd>", page) == []
    assert read.tags.count("figure") == 9
    assert read.tags.count("img") == 9
    assert "a: digits, all rows, kfold:3; accuracy: mean over folds" in text
    assert "test rows not used" in text
    assert read.tags.count("table") == 2  # leaderboard; stopped and failed
    assert "out of memory" in text
    assert "How far predictions are off" in text  # which is missing, and why:
    assert "the target is a class; see which is taken for which" in text
    assert "1e-06..0.01 (log); only with l2 on" in text


def test_the_leaderboard_is_a_table_of_the_best(page, study):
    rows = re.findall(r'<tr><th scope="row">(\d+)</th><td>([\d.]+) ±', page)
    scores = [float(score) for _, score in rows]
    assert len(scores) == 14
    assert scores == sorted(scores, reverse=True)
    assert int(rows[0][0]) == study.ranked[0].number


def test_nothing_that_users_wrote_becomes_html(page):
    read = Reader(page)
    assert read.tags.count("script") == 9 + 2  # plots, Plotly, what unpacks it
    assert read.events == []
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_no_address_leads_anywhere_else(page):
    read = Reader(page)
    assert {address.partition(":")[0][:1] for address in read.addresses} == {"#", "d"}
    assert all(address.startswith(("#", "data:")) for address in read.addresses)


def test_plots_are_json_that_no_text_in_it_can_end(page):
    blocks = re.findall(
        r'<script type="application/json" id="plots-([a-z-]+)">(.*?)</script>', page
    )
    assert len(blocks) == 9
    for name, text in blocks:
        assert "<" not in text, name
        for plot in json.loads(text):
            assert set(plot) == {"data", "layout"}


def test_plotly_is_packed_to_less_than_half():
    assert 1_000_000 < len(packed_plotly()) < 2_300_000


def test_a_study_without_anything_to_show(make_study, tmp_path):
    study = make_study(trials=[])
    figures = draw_all(study, tmp_path, formats=("svg",))
    assert all(isinstance(figure, Missing) for figure in figures)
    page = make_page(study, figures, {})
    assert "No trial is complete yet." in page
    assert "Trials: none." in page
    assert len(page) < 50_000  # no Plotly for nothing
    assert "<figure>" not in page


@pytest.mark.slow
@pytest.mark.ci
def test_a_browser_draws_all_and_asks_for_nothing(page, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page)
    with chromium(tmp_path / "profile", size=(400, 900)) as browser:
        browser.get(file.as_uri())
        wait_until_ready(browser)
        asked = [url for url in requests(browser) if not url.startswith("data:")]
        assert [url for url in asked if not url.startswith("blob:")] == [file.as_uri()]
        assert browser.get_log("browser") == []
        # every figure is there, and no picture beside it
        drawn = "document.querySelectorAll('.live:not([hidden]) .main-svg').length"
        assert browser.execute_script(f"return {drawn}") >= 9
        shown = "[...document.querySelectorAll('.still')].filter(i => i.offsetHeight)"
        assert browser.execute_script(f"return {shown}") == []
        # a narrow screen scrolls tables and wide figures, not the page
        wide = "return document.documentElement.scrollWidth > window.innerWidth"
        assert browser.execute_script(wide) is False
        assert browser.execute_script("return document.title").startswith("a: report")
        # on paper the pictures stand in the figures' places
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert len(browser.execute_script(f"return {shown}")) == 9
        live = "[...document.querySelectorAll('.live')].filter(i => i.offsetHeight)"
        assert browser.execute_script(f"return {live}") == []


@pytest.mark.slow
def test_without_javascript_the_pictures_are_shown(page, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page)
    with chromium(tmp_path / "profile", size=(1200, 900)) as browser:
        off = {"value": True}
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", off)
        browser.get(file.as_uri())
        images = browser.find_elements("css selector", ".still")
        assert len(images) == 9
        assert all(image.is_displayed() for image in images)
        assert "still pictures" in browser.find_element("tag name", "header").text


def wait_until_ready(browser):
    end = time.monotonic() + 60
    script = "return document.documentElement.dataset.ready"
    while browser.execute_script(script) != "yes":
        assert time.monotonic() < end, browser.get_log("browser")
        time.sleep(0.1)


def test_figures_stand_in_the_page_in_their_order(page, made):
    shown = [figure.name for figure in made["figures"] if isinstance(figure, Shown)]
    assert re.findall(r'data-figure="([a-z-]+)"', page) == shown
