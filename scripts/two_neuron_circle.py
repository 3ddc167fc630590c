"""Train article A2's two-neuron networks, track them, and print what each has learned."""

from pathlib import Path

from quiet_start import quiet_start, run_script

from normlayers.experiments.running.command_line import ArgumentParser, folder
from normlayers.experiments.two_neuron_circle.arguments import NAME, checked
from normlayers.experiments.two_neuron_circle.arms import ARMS


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/two_neuron_circle"), help="where results go")
    add("--seed", type=int, default=10, help="seed of the weights and of the shuffling")
    add("--epochs", type=int, default=1000, help="passes over the data")
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        default=list(ARMS),
        help=f"networks to train, of {', '.join(ARMS)} (default: all)",
    )
    add("--every", type=int, default=20, help="epochs from one picture to the next")
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    with quiet_start():
        from normlayers.experiments.two_neuron_circle.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main)
