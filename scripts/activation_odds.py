"""Simulate which neurons are active at initialization, as article A2 does (figures G5 to G8)."""

from pathlib import Path

from quiet_start import STARTS_AGAIN, quiet_start, run_script

from normlayers.experiments.activation_odds.arguments import NAME, checked
from normlayers.experiments.running.command_line import ArgumentParser, folder


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/activation_odds"), help="where results go")
    add("--seed", type=int, default=0, help="seed of weights and data")
    add("--networks", type=int, default=100_000, help="networks with weights and data of their own")
    add("--points", type=int, default=200, help="points of each network's data")
    add("--inputs", type=int, default=2, help="inputs of the hidden layer")
    add("--neurons", type=int, default=2, help="neurons of the hidden layer")
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    with quiet_start():
        from normlayers.experiments.activation_odds.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main, then=STARTS_AGAIN)
