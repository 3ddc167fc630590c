"""Run every experiment, two side by side, and check the articles' claims."""

import sys
from pathlib import Path

from quiet_start import quiet_start


def main() -> None:
    with quiet_start():
        from normlayers.experiments.command_line import ArgumentParser, UsageError
        from normlayers.experiments.reproduction import EXPERIMENTS, reproduce

    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=Path, default=Path("logs"), help="where results go")
    add(
        "--only",
        nargs="+",
        metavar="EXPERIMENT",
        default=list(EXPERIMENTS),
        help=f"experiments to run, of {', '.join(EXPERIMENTS)} (default: all)",
    )
    add("--start-over", action="store_true", help="remove earlier runs from --log-dir first")
    options = parser.parse_args()
    try:
        sys.exit(reproduce(Path(__file__).parent, **vars(options)))
    except UsageError as error:
        parser.error(str(error))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is missing", file=sys.stderr)
        sys.exit(130)
