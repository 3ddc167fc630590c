"""What a test's module trains in a process whose XLA is asked an experiment's options."""

import json
import os

import pytest

from tests.python_process import run_python

ON_TENSORFLOW = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="of TensorFlow's XLA"
)
# The options hold for a whole process.
PROGRAM = """
import json
from normlayers.experiments.running.xla_options import ask_of_xla
from normlayers.experiments.{experiment}.compiler import OPTIONS
import keras
ask_of_xla(OPTIONS)
from tests.experiments.{experiment}.test_compiler import trained
print(json.dumps([array.tolist() for array in trained()]))
"""


def trained_with_options(experiment):
    """What ``trained`` of the experiment's ``test_compiler`` returns there: arrays, as lists."""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = run_python("-c", PROGRAM.format(experiment=experiment), env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
