"""The content of the report, gathered from the experiments' folders."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from normlayers.experiments.claims.articles import (
    ARTICLES,
    Article,
    by_article_and_number,
    unchecked_claims,
)
from normlayers.experiments.claims.evidence import number
from normlayers.experiments.report.figures import InlineFigure, inline_figure
from normlayers.experiments.report.kept_results import NoResultsError, read_results
from normlayers.experiments.running.arm_folder import ARM

EARLIER = "an earlier run"
PICTURES = (".png", ".gif", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Ran:
    """What an experiment's script did in this run.

    Attributes:
        code: its exit code.
        seconds: how long it took.
        started: when, in seconds since 1970.
    """

    code: int
    seconds: float
    started: float


@dataclass
class ShownFigure:
    """A figure's place on the page.

    Attributes:
        number: counted through the page.
        file: below the log directory.
        caption: what is seen.
        picture: of a page its preview; ``None`` where there is none to show.
        link: to a file that is no picture, from the page.
        claims: anchors and ids of the claims it belongs to.
    """

    number: int
    file: str
    caption: str
    picture: InlineFigure | None
    link: str | None
    claims: list[tuple[str, str]] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return f"figure-{self.number}"


@dataclass(frozen=True)
class ShownClaim:
    """A row of the claims table, everything in words; without ``row`` it was not checked.

    ``why`` is what makes the claim hold only in part.
    """

    anchor: str
    id: str
    text: str
    row: Mapping[str, Any] | None = None
    why: str = ""
    measure: str = ""
    value: str = ""
    interval: str = ""
    n: str = ""
    file: str = ""
    figure: ShownFigure | None = None


@dataclass(frozen=True)
class ShownArticle:
    """An article, its claims, and how many have which verdict, or are ``open``."""

    article: Article
    claims: list[ShownClaim]
    verdicts: Mapping[str, int]


@dataclass(frozen=True)
class ShownExperiment:
    """An experiment's part of the page.

    Attributes:
        name: as its script is called.
        about: its script's first sentence.
        state: what this run did of it, in words.
        failed: whether it failed in this run.
        ran: what its script did in this run.
        results: the content of its results.json.
        figures: those it names there.
        diverged: in words, for each arm of which networks diverged.
    """

    name: str
    about: str
    state: str
    failed: bool
    ran: Ran | None
    results: Mapping[str, Any] | None
    figures: list[ShownFigure]
    diverged: list[str]

    @property
    def of_earlier_run(self) -> bool:
        """Whether some of its results were not made in this run."""
        return self.results is not None and EARLIER in self.state


def shown_experiments(
    names: Sequence[str], scripts: Path, log_dir: Path, page: Path, ran: Mapping[str, Ran]
) -> list[ShownExperiment]:
    """Every experiment from its folder, also one that was not run.

    Args:
        names: the experiments, in the order to show them in.
        scripts: the folder of their scripts.
        log_dir: where each has a folder of its name.
        page: the report's file, to which links are relative.
        ran: what was run this time.
    """
    experiments: list[ShownExperiment] = []
    for name in names:
        folder, results, why = log_dir / name, None, ""
        try:
            results = read_results(folder)
        except NoResultsError as error:
            why = f"results.json {error}"
        first = 1 + sum(len(experiment.figures) for experiment in experiments)
        experiments.append(
            ShownExperiment(
                name,
                _about(scripts / f"{name}.py"),
                _state(folder, ran.get(name), why),
                name in ran and ran[name].code != 0,
                ran.get(name),
                results,
                _figures(results["figures"], folder, page, first) if results else [],
                _diverged(results["measures"]) if results else [],
            )
        )
    return experiments


def shown_articles(experiments: Sequence[ShownExperiment]) -> list[ShownArticle]:
    """The five articles with what the experiments found of their claims."""
    found = [(e, row) for e in experiments if e.results for row in e.results["claims"]]
    found.sort(key=lambda pair: by_article_and_number(pair[1]["id"]))
    told = Counter[str]()
    claims = []
    for experiment, row in found:
        told[row["id"]] += 1
        # Checked twice: the second needs an anchor of its own.
        anchor = row["id"] if told[row["id"]] == 1 else f"{row['id']}-{told[row['id']]}"
        claims.append(_shown_claim(anchor, row, experiment))
    articles = []
    for article in ARTICLES:
        of_it = [claim for claim in claims if claim.id.split(".")[0] == article.id]
        unchecked = unchecked_claims(article, told)
        of_it += [ShownClaim(name, name, text) for name, text in unchecked.items()]
        of_it.sort(key=lambda claim: by_article_and_number(claim.id))
        verdicts = Counter(claim.row["verdict"] if claim.row else "open" for claim in of_it)
        articles.append(ShownArticle(article, of_it, verdicts))
    return articles


def _shown_claim(anchor: str, row: Mapping[str, Any], experiment: ShownExperiment) -> ShownClaim:
    file = f"{experiment.name}/{row['figure']}"
    figure = next((figure for figure in experiment.figures if figure.file == file), None)
    if figure is not None:
        figure.claims.append((anchor, row["id"]))
    low, high = row["ci95"]
    why, measure = _reason_and_measure(row)
    return ShownClaim(
        anchor,
        row["id"],
        row["claim"],
        row,
        why,
        measure,
        number(row["value"]),
        "none" if row["exact"] else f"{number(low)} to {number(high)}",
        "exact" if row["exact"] else f"{row['n']:,}",
        file,
        figure,
    )


def _reason_and_measure(row: Mapping[str, Any]) -> tuple[str, str]:
    """What was measured, its first sentence apart where that says why a claim holds in part.

    Example:
        >>> _reason_and_measure({"measure": "It lacks 1. A share.", "verdict": "holds in part"})
        ('It lacks 1.', 'A share.')
    """
    first, _, rest = row["measure"].partition(". ")
    if row["verdict"] != "holds in part" or not rest:
        return "", row["measure"]
    return first + ".", rest


def _figures(
    told: Sequence[Mapping[str, str]], folder: Path, page: Path, first: int
) -> list[ShownFigure]:
    figures = []
    for at, figure in enumerate(told, start=first):
        path, picture, link = folder / figure["file"], None, None
        if path.suffix.lower() in PICTURES:
            with suppress(OSError):  # the page says that it is missing
                picture = inline_figure(path)
        elif path.is_file():
            link = quote(os.path.relpath(path, page.parent).replace(os.sep, "/"))
            with suppress(OSError, KeyError):  # then there is the link alone
                picture = inline_figure(folder / figure["preview"])
        name = f"{folder.name}/{figure['file']}"
        figures.append(ShownFigure(at, name, figure["caption"], picture, link))
    return figures


def _diverged(measures: Mapping[str, Any]) -> list[str]:
    """In words, for each arm of which networks diverged.

    Example:
        >>> _diverged({"arms": {"raw": {"diverged": 0.034}, "scaled": {"diverged": 0.0}}})
        ['raw 3.4 %']
    """
    arms = measures.get("arms")
    if not isinstance(arms, dict):
        return []
    shares = {arm: found.get("diverged") for arm, found in arms.items() if isinstance(found, dict)}
    return [
        f"{arm} {100 * share:.3g} %"
        for arm, share in shares.items()
        if isinstance(share, int | float) and share > 0
    ]


def _state(folder: Path, ran: Ran | None, why: str) -> str:
    if ran is None:
        return f"not run: {why}" if why else f"not in this run; its results are of {EARLIER}"
    if ran.code:
        left = why or f"its results are of {EARLIER}"
        return f"failed with exit code {ran.code}; {left}"
    if why:
        return why
    made = [file.stat().st_mtime >= ran.started for file in folder.glob(f"*/{ARM}")]
    if not made or all(made):
        return "made in this run"
    if not any(made):
        return f"taken up from {EARLIER}"
    return f"{made.count(False)} of {len(made)} arms taken up from {EARLIER}"


def _about(script: Path) -> str:
    try:
        text = ast.get_docstring(ast.parse(script.read_bytes())) or ""
    except (OSError, SyntaxError, ValueError):
        return ""
    return text.split("\n\n")[0].replace("\n", " ")
