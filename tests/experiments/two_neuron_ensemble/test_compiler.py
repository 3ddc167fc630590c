"""Loops compiled as one kernel: asked for where they can be, and of the same networks."""

import json
import os
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from normlayers.ensembles.ensemble import train_ensemble
from normlayers.experiments.two_neuron_ensemble import compiler
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
from normlayers.experiments.two_neuron_ensemble.compiler import OPTIONS, ask_for_fast_loops
from tests.python_process import run_python


@pytest.fixture
def release(monkeypatch):
    """Chooses TensorFlow's release."""

    def choose(release):
        def version(package):
            assert package == "tensorflow"
            if release is None:
                raise PackageNotFoundError
            return release

        monkeypatch.setattr(compiler, "version", version)

    return choose


def asked(environment):
    ask_for_fast_loops(environment)
    return environment


def test_they_are_asked_for_beside_what_is_asked_already(release):
    release("2.21.3")
    assert asked({}) == {"XLA_FLAGS": " ".join(OPTIONS)}
    assert asked({"XLA_FLAGS": "--xla_a=1"}) == {"XLA_FLAGS": f"--xla_a=1 {' '.join(OPTIONS)}"}
    mine = {"XLA_FLAGS": f"--xla_a=1 {OPTIONS[1]}3"}
    assert asked(dict(mine)) == mine


@pytest.mark.parametrize("other", ["2.18.0", "2.20.1", "2.22.0", None])
def test_no_other_release_is_asked(release, other):
    release(other)
    assert asked({}) == {}


# A large layer: of its sums XLA would call a library, which one kernel cannot.
ARM, NETWORKS, EPOCHS = "relu-32-neurons", 256, 2
PROGRAM = f"""
import json
from normlayers.experiments.two_neuron_ensemble.compiler import ask_for_fast_loops
import keras
ask_for_fast_loops()
from normlayers.ensembles.ensemble import train_ensemble
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
arm = ARMS[{ARM!r}]
(chunk,) = train_ensemble(arm.architecture, *arm.data(), {NETWORKS}, {EPOCHS})
print(json.dumps([layer["kernel"].tolist() for layer in chunk.end]))
"""


@pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="of TensorFlow's XLA"
)
def test_networks_are_the_same():
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = run_python("-c", PROGRAM, env=environment)
    assert done.returncode == 0, done.stderr
    arm = ARMS[ARM]
    (chunk,) = train_ensemble(arm.architecture, *arm.data(), NETWORKS, EPOCHS)
    for kernel, layer in zip(json.loads(done.stdout.splitlines()[-1]), chunk.end, strict=True):
        np.testing.assert_allclose(kernel, layer["kernel"], rtol=0, atol=1e-4)
