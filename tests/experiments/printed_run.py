"""An experiment run with a console whose output is kept."""

import io

from rich.console import Console


def printed_run(experiment, log_dir, columns=80, **options):
    """What the experiment returns, and what it printed."""
    console = Console(file=io.StringIO(), width=columns)
    return experiment.run(log_dir, console=console, **options), console.file.getvalue()


def measures_of_seeds(run, folder, seeds, **options):
    """What runs measured, one a seed, each in a folder of its own."""
    return [
        run(folder / str(number), seed=seed, **options)[0]["measures"]
        for number, seed in enumerate(seeds)
    ]
