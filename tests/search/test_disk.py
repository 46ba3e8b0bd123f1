from search.disk import low_disk


def test_little_room_is_said_with_its_place(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    assert low_disk(folder, low_bytes=0) == ""
    said = low_disk(folder, low_bytes=2**80)
    assert said.startswith("disk: ")
    assert said.endswith(f" MB left in {tmp_path.resolve()}")


def test_a_folder_that_is_gone_has_no_room_to_speak_of(tmp_path):
    assert low_disk(tmp_path / "gone", low_bytes=2**80) == ""
