import os
import subprocess
import sys

import keras
import numpy as np


def test_its_help_names_the_commands():
    command = [sys.executable, "-m", "normlayers", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "diagnose" in done.stdout


def test_a_layer_s_name_that_the_output_cannot_encode_is_no_error(tmp_path):
    """As of a pipe on Windows, whose encoding is that of the country."""
    layers = [keras.layers.Dense(3, name="скрытый"), keras.layers.Dense(2, "relu", name="выход")]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("adam", "binary_crossentropy")
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
    np.savez(tmp_path / "data.npz", x=x, y=np.stack([x[:, 0] > 0] * 2, axis=1).astype("float32"))
    command = ["-m", "normlayers", "diagnose", tmp_path / "model.keras", tmp_path / "data.npz"]
    env = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, *command], capture_output=True, env=env, check=False)
    told = done.stdout.decode("cp1252")
    assert done.returncode == 1, done.stderr
    assert "output_does_not_fit_loss" in told
    assert "The output '?????'" in told
