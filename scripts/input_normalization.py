"""Train networks without and with standardized inputs and check article A0's claims on them."""

from pathlib import Path

from quiet_start import quiet_start, run_script

from normlayers.experiments.input_normalization.arguments import NAME, checked
from normlayers.experiments.input_normalization.arms import KNOWN_ARMS
from normlayers.experiments.running.command_line import SCHEDULER_HELP, ArgumentParser, folder


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/input_normalization"), help="where results go")
    add("--seed", type=int, default=0, help="seed of the weights")
    add("--networks", type=int, default=200, help="networks an arm")
    add("--epochs", type=int, default=100, help="passes over the data, one step each")
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        default=list(KNOWN_ARMS),
        help="kinds of networks to train: {article,rescaled,wine,cancer}-{relu,leaky-relu,prelu,"
        "sigmoid,tanh}-{raw,standardized}, and fit-raw, fit-standardized, which model.fit trains "
        "and the tracker watches (default: all)",
    )
    add("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    with quiet_start():
        from normlayers.experiments.input_normalization.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main)
