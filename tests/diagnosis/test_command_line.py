import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from normlayers.diagnosis.command_line import main
from tests.diagnosis.small_models import classifier, network, points

X, Y = points()


@pytest.fixture
def files(tmp_path):
    def write(model, **arrays):
        model.save(tmp_path / "model.keras")
        np.savez(tmp_path / "data.npz", **arrays)
        return ["diagnose", str(tmp_path / "model.keras"), str(tmp_path / "data.npz")]

    return write


def test_errors_make_exit_code_1(files, capsys):
    assert main([*files(classifier(), x=X * 1e4, y=Y, x_val=X * 1e4, y_val=Y), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["findings"][0]["fault"] == "inputs_not_scaled"
    assert "train_validation_shift" not in told["unchecked"]


def test_evidence_that_is_nan_is_written_as_json(files, capsys):
    model = network(keras.layers.Dense(1, "relu"), loss="mse")
    model.set_weights([weight * np.nan for weight in model.get_weights()])
    assert main([*files(model, x=X, y=X[:, 0]), "--json"]) == 1
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["findings"][0]["evidence"]["lowest"] is None


def test_without_an_error_it_is_0(files, capsys):
    assert main(files(classifier(loss=None), x=X)) == 0
    assert "Nothing was found to be wrong." in capsys.readouterr().out


def test_what_cannot_be_read_is_one_line_and_2(files, tmp_path, capsys):
    usual = files(network(keras.layers.Dense(1), loss=None), x=X)
    np.savez(tmp_path / "other.npz", z=X)
    np.savez(tmp_path / "narrow.npz", x=X[:, :2])
    np.savez(tmp_path / "objects.npz", x=X.astype(object))
    (tmp_path / "text.keras").write_text("no model")
    (tmp_path / "table.csv").write_text("1,2")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "data.npz").read_bytes()[:-30])
    for arguments in (
        [*usual[:2], str(tmp_path / "none.npz")],
        [*usual[:2], str(tmp_path / "other.npz")],
        [*usual[:2], str(tmp_path / "table.csv")],
        [*usual[:2], str(tmp_path / "cut.npz")],
        [*usual[:2], str(tmp_path / "narrow.npz")],
        [*usual[:2], str(tmp_path / "objects.npz")],
        ["diagnose", str(tmp_path / "none.keras"), usual[2]],
        ["diagnose", str(tmp_path / "text.keras"), usual[2]],
        [*usual, "--batch-size", "0"],
    ):
        assert main(arguments) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert "pickle" not in said
    with pytest.raises(SystemExit) as stopped:
        main(["diagnose"])
    assert stopped.value.code == 2


def test_arrays_that_are_not_read_are_named(files, capsys):
    assert main([*files(classifier(loss=None), x=X, Y=Y, y_val=Y), "--json"]) == 0
    written = capsys.readouterr()
    assert "data.npz: Y, y_val; it reads x, y, x_val, y_val" in written.err
    json.loads(written.out)


def test_what_is_wrong_with_validation_data_is_said_of_them(files, capsys):
    assert main(files(classifier(), x=X, y=Y, x_val=X[:50], y_val=Y[:40])) == 2
    said = capsys.readouterr().err
    assert (
        "validation_data: y must have a target for each of the 50 rows of x. Received: 40" in said
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_what_cannot_be_written_is_one_line_and_2(files, capsys, monkeypatch):
    usual = files(classifier(), x=X * 1e4, y=Y)
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(usual) == 2
    told = capsys.readouterr().err
    assert "nothing could be written" in told
    assert told.count("\n") == 1


def test_help_does_not_wait_for_keras():
    code = (
        "import sys; from normlayers.diagnosis.command_line import main\n"
        "try: main(['diagnose', '--help'])\n"
        "finally: assert 'keras' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "DATA.npz" in done.stdout
