"""Train article A2's two-neuron networks, track them, and tell what each has learned."""

from pathlib import Path

from quiet_start import quiet_start

with quiet_start():
    from normlayers.experiments import two_neuron_circle
    from normlayers.experiments.command_line import ArgumentParser, UsageError


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--log-dir", type=Path, default=Path("logs/two_neuron_circle"), help="where results go")
    add("--seed", type=int, default=10, help="seed of the weights and of the shuffling")
    add("--epochs", type=int, default=1000, help="passes over the data")
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        default=list(two_neuron_circle.ARMS),
        help=f"networks to train, some of: {', '.join(two_neuron_circle.ARMS)}",
    )
    add("--every", type=int, default=20, help="epochs from one picture to the next")
    add("--start-over", action="store_true", help="remove an earlier run from --log-dir first")
    options = parser.parse_args()
    try:
        two_neuron_circle.run(**vars(options))
    except UsageError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "interrupted; the same command goes on with the arms that are missing\n")


if __name__ == "__main__":
    main()
