import unicodedata

import pytest

from search.homework.seeds import student_seeds


def test_each_name_has_seeds_of_its_own_and_keeps_them():
    assert student_seeds("Jana Nova") == student_seeds("Jana Nova")
    assert not {*student_seeds("Jana Nova")} & {*student_seeds("Jan Novak")}


@pytest.mark.parametrize(
    "written", [" jana   NOVÁ ", unicodedata.normalize("NFD", "Jana Nová")]
)
def test_how_a_name_is_written_does_not_matter(written):
    assert student_seeds(written) == student_seeds("Jana Nová")


def test_without_a_name_the_training_seed_is_0():
    seed, tuning, fresh = student_seeds("  ")
    assert seed == 0
    assert tuning != fresh
