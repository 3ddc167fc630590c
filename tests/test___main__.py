import subprocess
import sys


def test_its_help_names_the_commands():
    command = [sys.executable, "-m", "normlayers", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "diagnose" in done.stdout
