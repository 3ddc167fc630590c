"""What XLA is asked: beside what it is asked already, and only where it is known."""

from importlib.metadata import PackageNotFoundError

import pytest

from normlayers.experiments.running import xla_options
from normlayers.experiments.running.xla_options import ask_of_xla

OPTIONS = ("--xla_b=2", "--xla_c=")


@pytest.fixture
def release(monkeypatch):
    """Chooses TensorFlow's release."""

    def choose(release):
        def version(package):
            assert package == "tensorflow"
            if release is None:
                raise PackageNotFoundError
            return release

        monkeypatch.setattr(xla_options, "version", version)

    return choose


def asked(environment):
    ask_of_xla(OPTIONS, environment)
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
