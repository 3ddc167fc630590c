"""What is written to standard error while TensorFlow is imported."""

import gc
import os

import pytest

from normlayers.experiments.running.quiet_start import quiet_start


def test_it_is_dropped_and_what_comes_later_is_not(capfd):
    with quiet_start():
        os.write(2, b"a note\n")
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"


def test_standard_error_is_there_again_after_an_error(capfd):
    with pytest.raises(ImportError), quiet_start():
        raise ImportError
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"


def test_garbage_is_collected_again_afterwards_but_not_in_what_was_imported():
    before = gc.get_freeze_count()
    try:
        with quiet_start():
            assert not gc.isenabled()
            imported = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(imported)
    finally:
        gc.unfreeze()


def test_a_process_that_collects_no_garbage_goes_on_without():
    gc.disable()
    try:
        with quiet_start():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
