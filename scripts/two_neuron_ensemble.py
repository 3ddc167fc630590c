"""Train a thousand two-neuron networks an arm and check article A2's claims on them."""

from pathlib import Path

from quiet_start import quiet_start, run_script

from normlayers.experiments.running.command_line import SCHEDULER_HELP, ArgumentParser, folder
from normlayers.experiments.running.xla_options import ask_of_xla
from normlayers.experiments.two_neuron_ensemble.arguments import NAME, checked
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
from normlayers.experiments.two_neuron_ensemble.compiler import OPTIONS


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/two_neuron_ensemble"), help="where results go")
    add("--seed", type=int, default=0, help="seed of the weights and of the shuffling")
    add("--networks", type=int, default=1000, help="networks an arm")
    add("--epochs", type=int, default=1000, help="passes over the data")
    add("--batch-size", type=int, default=4, help="points in a step")
    add("--optimizer", default="rmsprop", help="sgd, rmsprop or adam, as Keras sets them")
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        default=list(ARMS),
        help="kinds of networks to train: {none,relu,leaky_relu,tanh,sigmoid}-{shift-0 to shift-10,"
        "standardized,bn-pre,bn-post}, relu-{8-neurons,32-neurons,2-layers,3-layers,"
        "8-neurons-3-layers} (default: all)",
    )
    add("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    ask_of_xla(OPTIONS)
    with quiet_start():
        from normlayers.experiments.two_neuron_ensemble.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main)
