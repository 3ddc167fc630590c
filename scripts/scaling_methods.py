"""Compare ways to scale inputs, for neighbours and for networks (articles A1, A3 and A4)."""

from pathlib import Path

from quiet_start import quiet_start, run_script

from normlayers.experiments.running.command_line import SCHEDULER_HELP, ArgumentParser, folder
from normlayers.experiments.scaling_methods.arguments import NAME, checked


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/scaling_methods"), help="where results go")
    add("--seed", type=int, default=0, help="seed of splits, weights and shuffling")
    add("--networks", type=int, default=100, help="networks an arm")
    add("--splits", type=int, default=200, help="splits of each data set, for nearest neighbours")
    add("--epochs", type=int, default=20, help="passes over the data")
    add("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    with quiet_start():
        from normlayers.experiments.scaling_methods.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main)
