"""Python programs in processes of their own, as from a command line, but sooner.

To import Keras takes longer than most tests. On Linux and TensorFlow a process is forked from one
that has imported Keras and computed nothing, as in ``make reproduce``; elsewhere Python is started.
What tests imports, or what is written while TensorFlow is imported, starts Python itself.
"""

import atexit
import os
import re
import runpy
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import keras

from normlayers.experiments.report.script_process import preloaded_context

# What TensorFlow before 2.21 writes of XLA, whatever it was told.
XLA_NOTES = re.compile(r"^(WARNING: All log messages before absl|I0000 ).*\n", re.MULTILINE)


def run_python(*arguments, cwd=None, env=None):
    """Run ``python`` with arguments: ``-c`` and code, ``-m`` and a module, or a file.

    Args:
        arguments: of Python's command line.
        cwd: the folder to run in.
        env: the environment, as that of ``subprocess.run``.

    Returns:
        a ``subprocess.CompletedProcess`` with what was printed, as text, without ``XLA_NOTES``.
    """
    words = [str(word) for word in arguments]
    if not is_forked(env):
        return subprocess.run(
            [sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
    with tempfile.TemporaryDirectory() as folder:
        printed = Path(folder) / "stdout", Path(folder) / "stderr"
        process = start_python(words, *printed, cwd, env)
        process.join()
        texts = [path.read_text() for path in printed]
    told = XLA_NOTES.sub("", texts[1])
    return subprocess.CompletedProcess([sys.executable, *words], process.exitcode, texts[0], told)


def is_forked(env=None):
    """Whether a process with this environment can be forked from one that has imported Keras."""
    backend = (env or os.environ).get("KERAS_BACKEND", keras.backend.backend())
    return backend == keras.backend.backend() == "tensorflow"


def start_python(words, stdout, stderr, cwd=None, env=None):
    """Start ``python`` with arguments, printing to two files; a ``multiprocessing`` process."""
    environment = dict(os.environ if env is None else env)
    process = preloaded_context().Process(
        target=_run, args=(words, str(stdout), str(stderr), str(cwd or Path.cwd()), environment)
    )
    process.start()
    return process


def _run(words, stdout, stderr, cwd, environment):
    for stream, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    try:
        _run_as_main(words)
    finally:
        atexit._run_exitfuncs()  # multiprocessing's processes leave them out


def _run_as_main(words):
    first, rest = words[0], words[1:]
    paths = _paths()
    if first == "-c":
        sys.argv, sys.path[:] = ["-c", *rest[1:]], ["", *paths]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), vars(main))
    elif first == "-m":
        sys.argv, sys.path[:] = rest, [os.getcwd(), *paths]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[:] = words, [str(Path(first).parent), *paths]
        runpy.run_path(first, run_name="__main__")


def _paths():
    """Where modules are looked for: PYTHONPATH, then what Python has of its own."""
    given = os.environ.get("PYTHONPATH")
    own = [path for path in sys.path if path]
    return [*(given.split(os.pathsep) if given else ()), *own]
