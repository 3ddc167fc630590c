"""The circle script, tracked and filmed, against plain Keras ``fit`` of the same networks.

Both run side by side on this machine. The script is timed as a user runs it, from the start of
its process to its end; of plain ``fit`` only the calls are timed.
"""

import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402
from normlayers.experiments.two_neuron_circle.arguments import checked  # noqa: E402
from normlayers.experiments.two_neuron_circle.arms import ARMS  # noqa: E402

# Epochs of the article.
WHOLE = 1000


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=WHOLE, help="passes over the data")
    parser.add_argument(
        "--arms", nargs="+", metavar="ARM", default=list(ARMS), help="these only (default: all)"
    )
    options = parser.parse_args()
    parser.carry_out(checked, vars(options))
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    import keras  # noqa: F401  its start-up is no part of what is timed
    from measured import Measured, keep
    from rich.console import Console
    from rich.table import Table

    from normlayers.experiments.data.circles import BATCH_SIZE
    from normlayers.experiments.two_neuron_circle import training


def plain_fit(arm: str, epochs: int) -> float:
    """Seconds that ``fit`` takes as the article calls it: no tracking, no pictures."""
    model = training.build_model(arm, seed=0)
    x, y = training.arm_data(arm)
    started = time.perf_counter()
    model.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return time.perf_counter() - started


def script(arms: list[str], epochs: int) -> float:
    """Seconds that the script takes for the arms, its process's start and its films included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "scripts" / "two_neuron_circle.py")]
        started = time.perf_counter()
        subprocess.run(
            [*command, "--log-dir", folder, "--epochs", str(epochs), "--arms", *arms],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - started


def main(options: Namespace) -> None:
    epochs, arms = options.epochs, options.arms
    # Plain fit before and after the script: the machine may be faster at one time than another.
    half = len(arms) // 2
    plain = sum(plain_fit(arm, epochs) for arm in arms[:half])
    ours = script(arms, epochs)
    plain += sum(plain_fit(arm, epochs) for arm in arms[half:])
    table = Table(title=f"{len(arms)} networks of {epochs} epochs")
    for heading in ("what", "seconds", "ratio"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    table.add_row("plain model.fit", f"{plain:.1f}", "1")
    table.add_row("the script, tracked and filmed", f"{ours:.1f}", f"{ours / plain:.3f}")
    Console().print(table)
    # In fewer epochs the films weigh more than the training.
    goal = 0.2 if epochs >= WHOLE else None
    what = f"the script, filmed / plain fits, {len(arms)} networks of {epochs} epochs"
    keep("two_neuron_circle", [Measured(what, ours / plain, goal)])


if __name__ == "__main__":
    main(OPTIONS)
