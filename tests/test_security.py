"""What SECURITY.md says that a stranger's files cannot do."""

import ast
from pathlib import Path

import keras
import pytest

import normlayers as nl

ROOT = Path(__file__).parents[1]
# What could run code that a file holds.
DANGEROUS = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}


def saved_with(activation, folder):
    model = keras.Sequential([keras.Input((2,)), nl.BatchNormalization(activation=activation)])
    model.save(folder / "model.keras")
    return folder / "model.keras"


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize(
    "activation",
    [lambda x: x + 1, keras.layers.Lambda(lambda x: x + 1)],
    ids=["function", "layer"],
)
def test_a_lambda_as_an_activation_is_refused_in_safe_mode(activation, tmp_path):
    path = saved_with(activation, tmp_path)
    with pytest.raises((TypeError, ValueError), match=r"Lambda|Could not interpret activation"):
        keras.models.load_model(path)


def test_an_activation_by_name_loads_in_safe_mode(tmp_path):
    model = keras.models.load_model(saved_with("relu", tmp_path))
    assert model.layers[-1].activation is keras.activations.relu


def test_nothing_that_is_read_is_unpickled_or_run():
    for path in [*(ROOT / "normlayers").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.partition(".")[0] for alias in node.names} & DANGEROUS, path
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in DANGEROUS, path
            elif isinstance(node, ast.Call):
                called = node.func
                name = getattr(called, "id", "")
                assert name not in ("eval", "exec"), path
                unpickles = [k for k in node.keywords if k.arg == "allow_pickle"]
                assert all(ast.literal_eval(k.value) is False for k in unpickles), path
                unsafe = [k for k in node.keywords if k.arg == "safe_mode"]
                assert all(ast.literal_eval(k.value) is True for k in unsafe), path
