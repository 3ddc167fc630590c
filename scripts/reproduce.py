"""Run every experiment, two side by side, check the articles' claims and write a report of them."""

import sys
from pathlib import Path
from typing import Any

from quiet_start import run_script

from normlayers.experiments.deep_networks.arguments import checked
from normlayers.experiments.report.reproduction import EXPERIMENTS, LOGS, reproduce
from normlayers.experiments.running.command_line import SCHEDULER_HELP, ArgumentParser, folder


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=LOGS, help="where results go")
    add(
        "--only",
        nargs="+",
        metavar="EXPERIMENT",
        default=list(EXPERIMENTS),
        help=f"experiments to run, of {', '.join(EXPERIMENTS)} (default: all)",
    )
    add(
        "--report",
        type=Path,
        metavar="PATH",
        help="where the report of all experiments goes (default: report.html in --log-dir)",
    )
    add("--networks", type=int, help="networks an arm of deep_networks (default: the script's)")
    add("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    add("--start-over", action="store_true", help="remove earlier runs from --log-dir first")
    options = vars(parser.parse_args())
    sys.exit(parser.carry_out(run, options))


def run(networks: int | None, **options: Any) -> int:
    if networks is not None:
        checked(networks=networks)  # before the experiments ahead of that one have run
    return reproduce(Path(__file__).parent, networks=networks, **options)


if __name__ == "__main__":
    run_script(main)
