import shlex
import tomllib

import pytest

from pipelines.digits import PIPELINE as DIGITS
from search.errors import SettingsError
from search.study_file import as_command, as_toml, read_toml, study_options
from spaces.narrow import narrow

CHANGES = ["n_layers=1..2", "dropout=0.05..0.30000000000000004", "l2=off"]
MORE = ["batch_norm=true", "width_1=64,128", "batch_size=64", "learning_rate=0.001"]


def settings_of(make_settings, changes, space="dense", **fields):
    narrowed = narrow(DIGITS.spaces[space], changes)
    return make_settings(space_name=space, space=narrowed.to_dict(), **fields)


@pytest.mark.parametrize("space", DIGITS.spaces)
def test_the_options_give_the_space_again(space, make_settings):
    changes = [*CHANGES, *MORE] if space == "dense" else []
    settings = settings_of(make_settings, changes, space)
    options = study_options(settings, n_trials=3)
    again = narrow(DIGITS.spaces[space], options.get("set", []))
    assert again.to_dict() == settings.space
    assert len(options.get("set", [])) == len(changes)


def test_what_is_off_is_said_and_what_is_missing_is_not(make_settings):
    settings = settings_of(make_settings, [], n_rows=None, max_parameters=None)
    options = study_options(settings, n_trials=3)
    assert options["max-parameters"] == 0
    assert options["groups"] == "none"
    assert options["tag"] == ["course=one"]
    missing = {"rows", "set", "init-from", "name", "max-seconds", "max-memory"}
    assert not missing & {*options}


def test_toml_and_command_line_say_the_same(make_settings):
    odd = {"said": 'so "far"\\\n', "é": "\t\x7f"}
    settings = settings_of(make_settings, CHANGES, tags=odd)
    options = study_options(settings, n_trials=3)
    text = as_toml(options, study="a")
    assert tomllib.loads(text) == options
    assert read_toml(text, where="a.toml") == options
    words = shlex.split(as_command(options))
    assert words[:3] == ["tunefold", "search", "digits"]
    typed = list(zip(words[3::2], words[4::2], strict=True))
    assert [v for name, v in typed if name == "--set"] == options["set"]
    assert [v for name, v in typed if name == "--tag"] == options["tag"]
    assert dict(typed)["--trials"] == "3"


def test_a_space_that_has_changed_is_refused(make_settings):
    space = DIGITS.spaces["dense"].to_dict()
    space["dropout"] = space["dropout"] | {"high": 0.9}
    settings = make_settings(space_name="dense", space=space)
    with pytest.raises(SettingsError, match="study 'a': its space 'dense' must be"):
        study_options(settings, n_trials=3)


def test_what_is_no_toml_is_refused_in_one_line():
    with pytest.raises(SettingsError, match=r"a\.toml: must be TOML") as caught:
        read_toml("seed: 1", where="a.toml")
    assert "\n" not in str(caught.value)
