"""Arms: made where they are missing, taken up where they are finished."""

import io

import numpy as np
import pytest
from rich.console import Console

from normlayers.experiments.running.arms import Kept, one_by_one, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory

ARMS = ["a", "b", "c"]


def opened(path):
    directory = LogDirectory(path, "circle", ARMS, {"seed": 0}, {}, arm_files=["networks.npz"])
    directory.open()
    return directory


def made_of(arm):
    return Kept({"name": arm}, {"networks.npz": {"loss": np.full(3, ord(arm))}})


def make_all(directory, make_arm, console=None):
    made = []

    def noted(arm, folder, advance):
        made.append(arm)
        assert list(folder.iterdir()) == []
        return make_arm(arm, advance)

    console = console or Console(file=io.StringIO(), width=80)
    take_up_or_make(directory, ARMS, one_by_one(directory, noted), console, each=10)
    return made


def test_what_is_kept_is_the_same_of_arms_made_and_taken_up(tmp_path):
    for expected in (ARMS, []):
        directory = opened(tmp_path)
        assert make_all(directory, lambda arm, advance: made_of(arm)) == expected
        for arm in ARMS:
            found = directory.finished(arm)
            assert found["measures"] == {"name": arm}
            assert found["runtime_seconds"] >= 0
            assert directory.kept_arrays(arm, "networks.npz")["loss"].tolist() == [ord(arm)] * 3
        assert directory.runtime_seconds() >= 0
        directory.close()


def test_an_interruption_says_what_is_missing_and_loses_one_arm(tmp_path):
    def interrupted(arm, advance):
        if arm == "b":
            raise KeyboardInterrupt
        return made_of(arm)

    console = Console(file=io.StringIO(), width=200)
    directory = opened(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        make_all(directory, interrupted, console)
    assert "1 arms are finished" in console.file.getvalue()
    assert "missing: b, c." in console.file.getvalue()
    assert make_all(directory, lambda arm, advance: made_of(arm)) == ["b", "c"]


def test_the_bar_ends_full_whether_arms_move_it_or_not(tmp_path):
    def some_advance(arm, advance):
        if arm == "b":
            advance(4)
            advance(6)
        return made_of(arm)

    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    make_all(opened(tmp_path), some_advance, console)
    assert "30/30" in console.file.getvalue()


def test_several_arms_may_be_made_at_once_in_any_order(tmp_path):
    directory = opened(tmp_path)

    def make(arms, counter):
        for arm in arms:
            counter(arm)(5)
        for arm in reversed(arms):
            directory.begin(arm)
            yield arm, 2.0, made_of(arm)

    console = Console(file=io.StringIO(), width=80)
    take_up_or_make(directory, ARMS, make, console, each=10)
    assert directory.runtime_seconds() == 6
