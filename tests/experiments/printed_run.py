"""An experiment run with a console whose output is kept."""

import io

from rich.console import Console


def printed_run(experiment, log_dir, **options):
    """What the experiment returns, and what it printed."""
    console = Console(file=io.StringIO(), width=80)
    return experiment.run(log_dir, console=console, **options), console.file.getvalue()
