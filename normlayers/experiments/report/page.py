"""The report: every claim and every figure on one page that needs no other file."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from normlayers.experiments.report.content import ShownExperiment, shown_articles
from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.running.whole_files import write_whole

TEMPLATE = "report.html.jinja"
# By verdict the mark beside it, told apart by its shape too.
MARKS = {"holds": "full", "holds in part": "half", "does not hold": "cross", "open": "empty"}


def refuse_report(path: Path, log_dir: Path) -> None:
    """Refuse a place for the report that cannot be written to; ``log_dir`` is made if need be.

    Raises:
        UsageError: it is a folder, or its folder is not there or cannot be written to. Nothing was
            written.
    """
    try:
        if path.is_dir():
            raise UsageError(f"--report {path} is a folder; give the path of a file.")
        if path.parent == log_dir:
            log_dir.mkdir(parents=True, exist_ok=True)
        # As write_whole does it at the end.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot write the report to {path} ({error.strerror}); "
            "choose another --report or --log-dir."
        ) from error


def write_report(
    path: Path,
    experiments: Sequence[ShownExperiment],
    seconds: float,
    command: Callable[[Sequence[str]], str],
) -> None:
    """Write the report, whole or not at all.

    Args:
        path: where to.
        experiments: the content.
        seconds: how long this run took in all.
        command: takes experiments' names and returns what to type to run them.

    Raises:
        OSError: it cannot be written; an earlier one stays as it was.
    """
    # Loaded late: only the report needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    articles = shown_articles(experiments)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "argument": _argument}
    page = environment.get_template(TEMPLATE).render(
        articles=articles,
        experiments=experiments,
        counts=sum((Counter(article.verdicts) for article in articles), Counter[str]()),
        marks=MARKS,
        when=datetime.now(UTC),
        seconds=seconds,
        command=command,
    )
    write_whole(path, page.encode())


def duration(seconds: float) -> str:
    """A time as it is read.

    Example:
        >>> [duration(seconds) for seconds in (0.42, 12.3, 59.7, 3700)]
        ['0.4 s', '12 s', '1 min 0 s', '1 h 1 min']
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes_too = divmod(minutes, 60)
    return f"{hours} h {minutes_too} min" if hours else f"{minutes} min {rest} s"


def _argument(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_argument, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
