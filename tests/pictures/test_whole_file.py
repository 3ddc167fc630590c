"""A file that is written whole or not at all."""

import pytest

from normlayers.pictures.whole_file import partial_files, whole_file


def test_a_block_that_fails_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "networks.npy"
    path.write_bytes(b"earlier")

    def interrupted():
        with whole_file(path) as temporary:
            temporary.write_bytes(b"half")
            assert partial_files(path) == [temporary]
            assert path.read_bytes() == b"earlier"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("networks.npy", b"earlier")
    ]


def test_partial_files_are_of_one_file(tmp_path):
    for name in (".a.x.partial", ".ab.x.partial", ".a.x", "a.x.partial", ".[a].x.partial"):
        (tmp_path / name).touch()
    assert [file.name for file in partial_files(tmp_path / "a")] == [".a.x.partial"]
    assert [file.name for file in partial_files(tmp_path / "[a]")] == [".[a].x.partial"]
