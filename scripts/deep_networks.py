"""Train deep networks with and without batch normalization (articles A1 and A3)."""

from pathlib import Path

from quiet_start import quiet_start, run_script

from normlayers.experiments.deep_networks.arguments import NAME, checked
from normlayers.experiments.deep_networks.arms import ARMS
from normlayers.experiments.deep_networks.compiler import OPTIONS
from normlayers.experiments.running.command_line import SCHEDULER_HELP, ArgumentParser, folder
from normlayers.experiments.running.xla_options import ask_of_xla


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/deep_networks"), help="where results go")
    add("--seed", type=int, default=0, help="seed of the weights and of the shuffling")
    add("--networks", type=int, default=34, help="networks an arm")
    add("--epochs", type=int, default=12, help="passes over the data")
    add("--width", type=int, default=16, help="neurons of a hidden layer")
    add("--batch-size", type=int, default=32, help="points in a step")
    add("--optimizer", default="adam", help="sgd, rmsprop or adam, as Keras sets them")
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        default=list(ARMS),
        help="kinds of networks to train: {relu,sigmoid,tanh}-{none,bn-pre,bn-post}-"
        "{raw,standardized}-depth-{2,8,20}, {relu,tanh}-bn-pre-{raw,standardized}-depth-2-fixed, "
        "sigmoid-bn-pre-{raw,standardized}-depth-{2,8,20}-fixed (default: all)",
    )
    add("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    ask_of_xla(OPTIONS)
    with quiet_start():
        from normlayers.experiments.deep_networks.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main)
