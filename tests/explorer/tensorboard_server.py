"""TensorBoard in a process of its own, with this package's plugin."""

import os
import re
import time
import tomllib
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import normlayers
from tests.python_process import start_python

ROOT = Path(__file__).parents[2]


class Served:
    """A TensorBoard that runs."""

    def __init__(self, port, prefix):
        self._connection = HTTPConnection("localhost", port, timeout=60)
        self.address = f"http://localhost:{port}{prefix}"
        self._routes = f"{prefix}/data/plugin/normlayers"
        self.prefix = prefix

    def get(self, route, anywhere=False):
        """The status, type and body of a route's answer."""
        path = route if anywhere else self._routes + route
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read()

    def wait_for(self, holds):
        """Ask until something holds: TensorBoard loads runs in its own time."""
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.1)


def plugin_environment(folder):
    """An environment in which the package is installed as pyproject.toml says.

    Whatever is installed: an entry point that is new is not in it until the next installation.
    """
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    metadata = folder / f"normlayers-{normlayers.__version__}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Name: normlayers\nVersion: {normlayers.__version__}\n")
    lines = [f"[{group}]" for group in declared["entry-points"]]
    for points in declared["entry-points"].values():
        lines += [f"{name} = {target}" for name, target in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


@contextmanager
def tensorboard(folder, *arguments, prefix=""):
    """TensorBoard with some arguments, on a port of its own; ``folder`` is for its environment."""
    words = ["-m", "tensorboard.main", "--host", "localhost", "--port", "0"]
    said = folder / "stderr"
    server = start_python(
        [*words, "--reload_interval", "1", *arguments],
        folder / "stdout", said, env=plugin_environment(folder),
    )  # fmt: skip
    try:
        while not (found := re.search(r"http://localhost:(\d+)/", read(said))):
            assert server.is_alive(), read(said)
            time.sleep(0.02)
        yield Served(int(found.group(1)), prefix)
    finally:
        server.terminate()
        server.join()


def read(path):
    return path.read_text() if path.exists() else ""
