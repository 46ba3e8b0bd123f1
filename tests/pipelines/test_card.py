import pytest

from pipelines.card import Card, find_card, write_card

CARD = Card(
    task="classification", classes=("a", "č"), n_train=3, words="w", notes=("n", "m")
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path / "c")
    return tmp_path / "c"


def test_a_card_is_found_by_its_key():
    write_card(CARD, "key")
    assert find_card("key") == CARD
    assert find_card("other") is None


def test_a_damaged_card_is_none(cache):
    write_card(CARD, "key")
    (file,) = (cache / "own-data").iterdir()
    for content in ("", "[]", '{"task": 1}', file.read_text()[:-5]):
        file.write_text(content)
        assert find_card("key") is None


def test_without_a_cache_nothing_is_kept(cache, monkeypatch):
    cache.write_text("a file where the folder should be")
    write_card(CARD, "key")
    assert find_card("key") is None
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: None)
    write_card(CARD, "key")
    assert find_card("key") is None
