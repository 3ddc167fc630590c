"""What is written to standard error while TensorFlow is imported."""

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
