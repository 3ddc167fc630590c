"""How scripts end: Ctrl-C does not wait for what cannot be interrupted."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
# Runs a script whose networks take a minute in a thread, as those do that are being compiled.
SLOW = """
import runpy, signal, sys, time
from pathlib import Path
# Where tests run in the background, a shell has had Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {scripts!r})
from normlayers.experiments.deep_networks import training
def slow(*arguments):
    Path({begun!r}).touch()
    time.sleep(300)
training.train_stack = slow
sys.argv = ["deep_networks.py", "--log-dir", {logs!r}, "--arms", "relu-none-raw-depth-2"]
runpy.run_path({scripts!r} + "/deep_networks.py", run_name="__main__")
"""


def read_all(terminal, printed):
    """What is printed to a terminal, as it comes: it holds a few thousand characters only."""
    with suppress(OSError):  # of a terminal that nobody prints to any more
        while more := os.read(terminal, 4096):
            printed += more


def test_ctrl_c_ends_a_script_with_a_bar_while_a_thread_is_busy(tmp_path):
    begun, logs = tmp_path / "begun", tmp_path / "logs"
    code = SLOW.format(scripts=str(SCRIPTS), begun=str(begun), logs=str(logs))
    terminal, screen = pty.openpty()
    with (tmp_path / "errors").open("w+") as errors:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=screen, stderr=errors)
        os.close(screen)
        printed = bytearray()
        reading = threading.Thread(target=read_all, args=(terminal, printed))
        reading.start()
        deadline = time.monotonic() + 200
        while not begun.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # for the bar
        try:
            # As people press it again: Python drops an interruption that falls into a callback.
            for _ in range(3):
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)
                    break
        finally:
            process.kill()
        errors.seek(0)
        said = errors.read().splitlines()
    reading.join()
    os.close(terminal)
    assert process.returncode == 130
    assert said[-1] == "interrupted; the same command goes on with what is missing"
    assert "Traceback" not in "".join(said)
    assert b"0 arms are finished and kept" in printed
    assert b"\x1b[?25h" in printed  # the cursor is shown again


@pytest.mark.parametrize("path", [*SCRIPTS.glob("*.py")], ids=lambda path: path.stem)
def test_every_script_ends_in_the_same_way(path):
    if path.stem != "quiet_start":
        assert path.read_text().count('if __name__ == "__main__":\n    run_script(main') == 1


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_of_another_encoding_shows_what_it_can(tmp_path, encoding):
    command = [sys.executable, SCRIPTS / "activation_odds.py", "--networks", "1000"]
    done = subprocess.run(
        [*command, "--log-dir", tmp_path],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Pictures and event file" in done.stdout
