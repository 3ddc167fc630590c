"""The report: what it tells, what it holds, and what it does where something is missing.

Covers too: content.py, figures.py.
"""

import base64
import io
import json
import os
import re
import time
from html import unescape

import pytest
from PIL import Image

from normlayers.experiments.claims.articles import ARTICLES
from normlayers.experiments.report.content import Ran, shown_articles, shown_experiments
from normlayers.experiments.report.figures import inline_figure
from normlayers.experiments.report.page import refuse_report, write_report
from normlayers.experiments.running.command_line import UsageError
from tests.experiments.found import row, write_found, write_picture

IDS = [
    f"A{article}.{n}"
    for article, claims in enumerate((8, 6, 13, 8, 5))
    for n in range(1, claims + 1)
]


def page_of(log_dir, names, ran=None, seconds=61.0):
    page = log_dir / "report.html"
    experiments = shown_experiments(names, log_dir / "scripts", log_dir, page, ran or {})
    write_report(page, experiments, seconds, lambda names: f"make reproduce ONLY={names[0]}")
    return page.read_text()


def words(page):
    """The page's text, in one line."""
    body = page[page.index("<body>") :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", body)))


def rows_of(page):
    """By anchor the text of the claims' rows."""
    found = re.findall(r'<tr id="([^"]*)" class="claim.*?</tr>', page, re.S)
    parts = re.findall(r'<tr id="[^"]*" class="claim.*?</tr>', page, re.S)
    return {name: re.sub(r"\s+", " ", words("<body>" + part)) for name, part in
            zip(found, parts, strict=True)}  # fmt: skip


def test_the_articles_claims_are_all_there():
    assert [name for article in ARTICLES for name in article.claims] == IDS
    assert all(text for article in ARTICLES for text in article.claims.values())


def test_every_claim_has_a_row_checked_or_open_in_order(tmp_path):
    write_found(tmp_path, "one", [row("A2.10", verdict="does not hold"), row("A2.9")])
    write_found(tmp_path, "two", [row("A0.3", verdict="holds in part")])
    rows = rows_of(page_of(tmp_path, ["one", "two"]))
    assert list(rows) == IDS
    for part in ("It is so.", "share of networks", "at least 0.9", "0.930", "0.910 to 0.950",
                 "1,234", "does not hold"):  # fmt: skip
        assert part in rows["A2.10"]
    assert "holds in part" in rows["A0.3"]
    assert "not checked" in rows["A4.5"]
    assert "open" in rows["A4.5"]
    assert "features" in rows["A4.5"]


def test_verdicts_are_counted_by_article(tmp_path):
    claims = [row("A2.1"), row("A2.2"), row("A2.3", verdict="does not hold"), row("A4.1")]
    write_found(tmp_path, "one", claims)
    experiments = shown_experiments(["one"], tmp_path, tmp_path, tmp_path / "page", {})
    counts = {shown.article.id: dict(shown.verdicts) for shown in shown_articles(experiments)}
    assert counts == {
        "A0": {"open": 8}, "A1": {"open": 6}, "A3": {"open": 8},
        "A2": {"holds": 2, "does not hold": 1, "open": 10}, "A4": {"holds": 1, "open": 4},
    }  # fmt: skip


def test_a_claim_that_is_checked_twice_has_two_rows(tmp_path):
    write_found(tmp_path, "one", [row("A2.1")])
    write_found(tmp_path, "two", [row("A2.1", verdict="does not hold")])
    rows = rows_of(page_of(tmp_path, ["one", "two"]))
    assert "does not hold" in rows["A2.1-2"]
    assert "does not hold" not in rows["A2.1"]


def test_an_exact_value_has_no_interval(tmp_path):
    write_found(tmp_path, "one", [row("A3.1", exact=True, n=1, value=26414.2, ci95=[1, 2])])
    found = rows_of(page_of(tmp_path, ["one"]))["A3.1"]
    assert "26,414 none exact" in found


def test_what_is_written_is_never_markup(tmp_path):
    evil = "<script>alert(1)</script>"
    claims = [row("A2.1", claim=evil, measure=evil, figure=evil)]
    arms = {"arms": {evil: {"diverged": 1.0}}}
    told = {"device": evil, "measures": arms, "arguments": {"a": evil}}
    write_found(tmp_path, "one", claims, {"all.png": f'"{evil}'}, **told)
    page = page_of(tmp_path, ["one"])
    assert "<script" not in page
    assert words(page).count(evil) >= 5


def test_pictures_are_in_the_page_and_nothing_else_is_loaded(tmp_path):
    write_found(tmp_path, "one", [row("A2.1")], ["all.png", "film.gif"])
    page = page_of(tmp_path, ["one"])
    sources = re.findall(r'<img[^>]*src="([^"]*)"', page)
    assert len(sources) == 3  # the film and its last frame
    held = [base64.b64decode(source.split(",")[1]) for source in sources]
    for file in ("all.png", "film.gif"):
        assert (tmp_path / "one" / file).read_bytes() in held
    assert 'width="60" height="40" loading="lazy" decoding="async"' in page
    links = re.findall(r'(?:href|src|srcset|action)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"url\(|@import|https?://|<script|<iframe", page)
    assert 'href="#figure-1">Figure 1</a>' in page
    assert 'Shows <a href="#A2.1">A2.1</a>' in page
    assert 'alt="all.png is seen."' in page


def test_a_film_stands_still_at_its_last_frame(tmp_path):
    write_picture(tmp_path / "film.gif", colours=("#ff0000", "#00ff00", "#0000ff"))
    shown = inline_figure(tmp_path / "film.gif")
    assert (shown.width, shown.height, shown.frames) == (60, 40, 3)
    still = Image.open(io.BytesIO(base64.b64decode(shown.source.split(",")[1])))
    assert still.convert("RGB").getpixel((30, 20)) == (0, 0, 255)
    film = base64.b64decode(shown.film.split(",")[1])
    assert film == (tmp_path / "film.gif").read_bytes()


@pytest.mark.parametrize("content", [b"", b"nothing", "cut"])
def test_a_damaged_picture_is_refused(tmp_path, content):
    path = tmp_path / "dot.png"
    Image.effect_noise((100, 100), 50).save(path)
    path.write_bytes(path.read_bytes()[:2000] if content == "cut" else content)
    with pytest.raises(OSError, match=r"picture|image file"):
        inline_figure(path)


def test_a_figure_that_is_not_there_is_told(tmp_path):
    write_found(tmp_path, "one", [row("A2.1")], ["all.png", "page.html"])
    (tmp_path / "one" / "all.png").write_bytes(b"half")
    (tmp_path / "one" / "page.html").unlink()
    page = words(page_of(tmp_path, ["one"]))
    assert "one/all.png is missing or holds no picture" in page
    assert "one/page.html is missing" in page


def test_a_page_among_the_figures_is_linked(tmp_path):
    write_found(tmp_path, "one", [], ["a b.html"])
    assert '<a href="one/a%20b.html">one/a b.html</a>' in page_of(tmp_path, ["one"])


def test_of_a_page_among_the_figures_a_picture_is_shown(tmp_path):
    figures = [{"file": "page.html", "caption": "To turn.", "preview": "page.png"}]
    results = write_found(tmp_path, "one", figures=["page.html"])
    (tmp_path / "one" / "results.json").write_text(json.dumps({**results, "figures": figures}))
    assert "<img" not in page_of(tmp_path, ["one"])  # which is not there: the link alone
    write_picture(tmp_path / "one" / "page.png")
    page = page_of(tmp_path, ["one"])
    assert page.count("<img") == 1
    assert '<a href="one/page.html">one/page.html</a>' in page


def test_what_makes_a_claim_hold_in_part_stands_apart(tmp_path):
    measure = "Another reading does not hold: elsewhere (0). Share of it."
    claims = [row("A2.1", measure=measure, verdict="holds in part"), row("A2.2", measure=measure)]
    write_found(tmp_path, "one", claims)
    page = page_of(tmp_path, ["one"])
    apart = re.findall(r'<p class="why">(.*?)</p>(.*?)</div>', page)
    assert apart == [("Another reading does not hold: elsewhere (0).", "Share of it.")]


def test_a_claims_figure_that_is_not_listed_is_named(tmp_path):
    write_found(tmp_path, "one", [row("A2.1", figure="other.png")], ["all.png"])
    assert "one/other.png" in rows_of(page_of(tmp_path, ["one"]))["A2.1"]


def test_experiments_tell_how_they_were_made(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "one.py").write_text('"""Do one\nthing.\n\nMore."""\n')
    arms = {"relu-raw": {"diverged": 0.034}, "tanh-raw": {"diverged": 1.0}, "ok": {"diverged": 0.0}}
    write_found(tmp_path, "one", measures={"arms": arms})
    told = words(page_of(tmp_path, ["one"]))
    for part in ("Do one thing.", "It took 12 s on cpu:0; 2 cores.", "networks 1,234", "9 arms",
                 "keras 3.15.1", "Diverged: relu-raw 3.4 % of networks, tanh-raw 100 % of ne",
                 "This run took 1 min 1 s in all."):  # fmt: skip
        assert part in told
    assert "More." not in told


def test_measures_of_any_form_are_no_divergence(tmp_path):
    for measures in ({}, {"arms": [1]}, {"arms": {"a": 1}}, {"arms": {"a": {"diverged": None}}}):
        write_found(tmp_path, "one", measures=measures)
        assert "Diverged" not in page_of(tmp_path, ["one"])


def test_what_failed_and_what_was_not_run_is_told(tmp_path):
    write_found(tmp_path, "one", [row("A2.1")])
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "results.json").write_text("{")
    now = time.time()
    ran = {"one": Ran(3, 1.0, now), "two": Ran(-9, 1.0, now)}
    told = words(page_of(tmp_path, ["one", "two", "three"], ran))
    assert "one failed with exit code 3; its results are of an earlier run" in told
    assert "two failed with exit code -9; results.json is half-written" in told
    assert "three (not run: results.json is missing)" in told
    assert "To run them: make reproduce ONLY=two" in told
    assert "make reproduce ONLY=three" in told


def test_what_was_taken_up_from_earlier_runs_is_told(tmp_path):
    for name in ("made", "half", "kept", "away"):
        write_found(tmp_path, name)
        for arm in ("a", "b"):
            (tmp_path / name / arm).mkdir()
            (tmp_path / name / arm / "arm.json").write_text("{}")
    written = (tmp_path / "away" / "b" / "arm.json").stat().st_mtime
    started = {"made": written - 60, "half": written + 60, "kept": written + 60}
    (tmp_path / "half" / "b" / "arm.json").touch()
    os.utime(tmp_path / "half" / "b" / "arm.json", (written + 90, written + 90))
    ran = {name: Ran(0, 7.4, at) for name, at in started.items()}
    shown = shown_experiments(["made", "half", "kept", "away"], tmp_path, tmp_path, tmp_path, ran)
    assert [experiment.state for experiment in shown] == [
        "made in this run",
        "1 of 2 arms taken up from an earlier run",
        "taken up from an earlier run",
        "not in this run; its results are of an earlier run",
    ]
    told = words(page_of(tmp_path, ["made", "half", "kept", "away"], ran))
    assert "Taken up from earlier runs, at least in part: half, kept, away" in told
    assert "7.4 s" in told


def test_a_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    write_found(tmp_path, "one")
    before = page_of(tmp_path, ["one"])
    monkeypatch.setattr("os.replace", None)
    with pytest.raises(TypeError):
        page_of(tmp_path, ["one"], seconds=3.0)
    assert (tmp_path / "report.html").read_text() == before
    assert {path.name for path in tmp_path.iterdir()} == {"one", "report.html"}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("folder", "is a folder; give the path of a file"),
        ("missing/report.html", r"cannot write the report to .*report.html \(No such file"),
        ("file/report.html", "cannot write the report"),
        ("x" * 250, "cannot write the report"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_and_nothing_is_made(tmp_path, path, says):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=says):
        refuse_report(tmp_path / path, tmp_path / "logs")
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "file"}


def test_a_report_in_the_log_directory_may_be_the_first_thing_there(tmp_path):
    refuse_report(tmp_path / "new" / "logs" / "report.html", tmp_path / "new" / "logs")
    assert list((tmp_path / "new" / "logs").iterdir()) == []
    with pytest.raises(UsageError, match="cannot write"):
        refuse_report(tmp_path / "file" / "report.html", tmp_path / "file" / "deep")
