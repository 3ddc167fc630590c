"""Show how input scales shape the loss surface and gradient descent on it (articles A3 and A4)."""

from pathlib import Path

from quiet_start import STARTS_AGAIN, quiet_start, run_script

from normlayers.experiments.loss_surface.arguments import NAME, RATE, checked
from normlayers.experiments.running.command_line import ArgumentParser, folder


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=folder, default=Path("logs/loss_surface"), help="where results go")
    add("--seed", type=int, default=0, help="seed of the data")
    add("--data-sets", type=int, default=1000, help="data sets, of which the first is drawn")
    add("--points", type=int, default=200, help="points of each data set")
    end = "gradient descent ends at this part of its first distance from the minimum"
    add("--tolerance", type=float, default=1e-3, help=end)
    shared = "the learning rate that all surfaces share, beside the best of each"
    add("--learning-rate", type=float, default=RATE, help=shared)
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.accepted(NAME, checked)
    with quiet_start():
        from normlayers.experiments.loss_surface.experiment import run

    parser.carry_out(run, options)


if __name__ == "__main__":
    run_script(main, then=STARTS_AGAIN)
