"""Options from a file are checked like typed ones."""

import click
import pytest

from search.commands.from_file import read_options
from search.commands.searching import search_command
from search.errors import SettingsError


def read(folder, text):
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    return read_options(file, click.Context(search_command))


def test_values_come_by_the_names_of_the_commands_parameters(tmp_path):
    text = 'pipeline = "digits"\nset = ["l2=off"]\nsplit-seed = 3\nrows = 100\n'
    assert read(tmp_path, text + "minutes = 2\n") == {
        "pipeline": "digits",
        "changes": ["l2=off"],
        "split_seed": 3,
        "n_rows": 100,
        "minutes": 2,
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("epoch = 3", "a.toml: epoch: must be text in quotes, got 3"),
        ('epoch = "third"', "a.toml: epoch: 'third' is not one of 'best', 'last'."),
        ('epochs = "3"', "a.toml: epochs: must be a whole number, got '3'"),
        ("epochs = 3.5", "a.toml: epochs: must be a whole number, got 3.5"),
        ("trials = true", "a.toml: trials: must be a whole number, got True"),
        ('set = "l2=off"', "a.toml: set: must be a list of text in quotes, got"),
        ("set = [1]", "a.toml: set: must be a list of text in quotes, got [1]"),
        ("epoch-s = 1", "a.toml: unknown key 'epoch-s'; did you mean 'epochs'?"),
        ('from = "b.toml"', "a.toml: unknown key 'from'"),
        ('name = "b"', "a.toml: unknown key 'name'"),
    ],
)
def test_a_wrong_key_or_value_is_named(line, message, tmp_path):
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, line)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SettingsError, match=r"--from .*: cannot be read: No"):
        read_options(tmp_path / "b.toml", click.Context(search_command))


def test_every_option_can_be_checked():
    """Kinds of values that a study file may hold; one more needs a line there."""
    from search.commands.from_file import _KINDS

    kinds = {p.type.name for p in search_command.params if not getattr(p, "is_flag", 0)}
    assert kinds <= {*_KINDS}
