"""The articles' pages, from ``articles/claims.json``, and roles that cite its values in prose.

``{claim}`A2.9``` is the claim's measured value with its interval, a link to the claim;
``{verdict}`A2.9``` its verdict; ``{number}`steps raw``` another number of that file, and
``{percent}`` one in percent.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from docutils import nodes
from reference_pages import write_changed
from sphinx import addnodes
from sphinx.util.docutils import SphinxRole

from normlayers.experiments.claims.articles import ARTICLES, Article, by_article_and_number
from normlayers.experiments.claims.evidence import number
from normlayers.experiments.claims.table import interval

DOCS = Path(__file__).parents[1]
FOLDER = DOCS / "articles"
FOUND = json.loads((FOLDER / "claims.json").read_text(encoding="utf-8"))
EXPERIMENT_OF = {
    claim["id"]: experiment for experiment in FOUND["experiments"] for claim in experiment["claims"]
}
CLAIMS = {
    claim["id"]: claim for experiment in FOUND["experiments"] for claim in experiment["claims"]
}
VERDICTS = ("holds", "holds in part", "does not hold")


def anchor(claim: str) -> str:
    """The claim's place in its article's page."""
    return "claim-" + claim.lower().replace(".", "-")


def page_name(article: Article) -> str:
    """The article's page, without its ending."""
    return f"claims_{article.id.lower()}"


def badge(verdict: str) -> str:
    """The verdict, coloured by the style sheet."""
    return f'<span class="verdict {verdict.replace(" ", "-")}">{verdict}</span>'


def figure_path(experiment: str, file: str) -> str:
    """Where it is, from the articles' folder."""
    kept = f"figures/{experiment}_{file}"
    return kept if (FOLDER / kept).exists() else f"../{file}"


def of_article(article: Article) -> list[dict[str, Any]]:
    """Its claims, in order."""
    found = [name for name in CLAIMS if name.split(".")[0] == article.id]
    return [CLAIMS[name] for name in sorted(found, key=by_article_and_number)]


def table(rows: list[dict[str, Any]], page: str) -> str:
    """A row a claim, linked to its details."""
    lines = ["| claim | value [95 %] | verdict |", "| --- | --- | --- |"]
    for row in rows:
        link = f"[**{row['id']}**]({page}#{anchor(row['id'])}) {row['claim']}"
        lines.append(f"| {link} | {interval(row)} | {badge(row['verdict'])} |")
    return "\n".join(lines)


def details(row: dict[str, Any], shown: set[str]) -> str:
    """What was measured, how, from which run, and its figure unless it stands above."""
    experiment = EXPERIMENT_OF[row["id"]]
    name = experiment["experiment"]
    cases = "exact: no chance in it" if row["exact"] else f"{row['n']:,} cases"
    parts = [
        f"({anchor(row['id'])})=\n### {row['id']} · {row['claim']}",
        f"{badge(row['verdict'])} **{interval(row)}** ({cases}); it holds where the value is "
        f"{row['rule']}.",
        row["measure"],
    ]
    path = figure_path(name, row["figure"])
    if path in shown:
        parts.append(f"Its figure stands above, `{name}/{row['figure']}`.")
    else:
        shown.add(path)
        caption = next(f["caption"] for f in experiment["figures"] if f["file"] == row["figure"])
        parts.append(f":::{{figure}} {path}\n:alt: {caption.split('. ')[0]}\n\n{caption}\n:::")
    parts.append(f"From `logs/{name}/results.json`: `make reproduce ONLY={name}`.")
    return "\n\n".join(parts)


def article_page(article: Article) -> str:
    """Its table, then claim by claim."""
    rows, shown = of_article(article), set()
    return "\n\n".join(
        [
            f"# {article.id}: {article.title}",
            table(rows, f"{page_name(article)}.md"),
            "## Claim by claim",
            *(details(row, shown) for row in rows),
            "",
        ]
    )


def counts() -> str:
    """How many claims of each article hold."""
    lines = [f"| article | {' | '.join(VERDICTS)} |", f"| --- |{' ---: |' * len(VERDICTS)}"]
    for article in ARTICLES:
        found = Counter(row["verdict"] for row in of_article(article))
        cells = " | ".join(str(found[verdict]) for verdict in VERDICTS)
        lines.append(f"| [{article.id}: {article.title}]({page_name(article)}.md) | {cells} |")
    return "\n".join(lines) + "\n"


def runs() -> str:
    """What the numbers were measured with."""
    lines = [
        "| experiment | seed | device | TensorFlow, Keras | time | results.json (SHA-256) |",
        "| --- | --- | --- | --- | ---: | --- |",
    ]
    for run in FOUND["experiments"]:
        versions = f"{run['versions']['tensorflow']}, {run['versions']['keras']}"
        lines.append(
            f"| `{run['experiment']}` | {run['seed']} | {run['device']} | {versions} | "
            f"{run['runtime_seconds']:.0f} s | `{run['sha256'][:12]}` |"
        )
    return "\n".join(lines) + "\n"


def write_pages(app: Any) -> None:
    """Write them."""
    for article in ARTICLES:
        write_changed(FOLDER / f"{page_name(article)}.md", article_page(article))
    write_changed(FOLDER / "_counts.md", counts())
    write_changed(FOLDER / "_runs.md", runs())


def cited(role: str, text: str) -> tuple[str, str | None]:
    """What a role shows, and the claim that it links to."""
    if role == "claim":
        return interval(CLAIMS[text]), text
    if role == "verdict":
        return CLAIMS[text]["verdict"], text
    value = FOUND["numbers"][text]["value"]
    if role == "percent":
        return f"{100 * value:.0f} %", None
    return f"{value:,.0f}" if value >= 10 or value == int(value) else number(value), None


class Cited(SphinxRole):
    """A claim's value, linked to the claim, or another number with the run that it comes from."""

    def run(self) -> tuple[list[nodes.Node], list[Any]]:
        """The nodes; Sphinx calls this."""
        shown, claim = cited(self.name, self.text)
        if claim is None:
            source = f"logs/{FOUND['numbers'][self.text]['experiment']}/results.json"
            return [nodes.abbreviation(self.rawtext, shown, explanation=source)], []
        reference = addnodes.pending_xref(
            self.rawtext,
            nodes.inline(self.rawtext, f"{claim}: {shown}"),
            refdomain="std",
            reftype="ref",
            reftarget=anchor(claim),
            refexplicit=True,
            refdoc=self.env.docname,
        )
        return [reference], []


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_pages)
    for name in ("claim", "verdict", "number", "percent"):
        app.add_role(name, Cited())
    return {"parallel_read_safe": True}
