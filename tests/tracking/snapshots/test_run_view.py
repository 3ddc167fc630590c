import base64
import html
import json
import re
import zlib

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.explorer.snapshot import decode

X = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")


def observed(folder, **options):
    tracker = nl.ActivationTracker(folder / "a <run>", X, strict=True, **options)
    tracker.observe(keras.Sequential([keras.layers.Dense(3, "relu", name="h")]), 7)
    return tracker


def data_of(page):
    (text,) = re.findall(r'<script id="normlayers-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_writes_the_page_while_the_run_goes_on(tmp_path):
    observed(tmp_path).write_page(tmp_path / "run.html")
    page = (tmp_path / "run.html").read_text()
    data = data_of(page)
    assert [(meta["run"], meta["steps"]) for meta in data["runs"]] == [("a <run>", [7])]
    (text,) = re.findall(r'<script class="normlayers-snapshots"[^>]*>(.*?)</script>', page)
    assert decode(zlib.decompress(base64.b64decode(text)))[1]["active/h"].shape == (20, 3)


def test_a_notebook_shows_the_page(tmp_path):
    (page,) = re.findall(r'srcdoc="([^"]*)"', observed(tmp_path)._repr_html_())
    assert data_of(html.unescape(page))["runs"][0]["steps"] == [7]


def test_says_why_there_is_nothing_to_show(tmp_path):
    tracker = nl.ActivationTracker(tmp_path / "none", X)
    assert "no snapshots yet" in tracker._repr_html_()
    with pytest.raises(ValueError, match="no snapshots yet"):
        tracker.write_page(tmp_path / "run.html")
    with pytest.raises(ValueError, match="snapshots=False"):
        observed(tmp_path, snapshots=False).write_page(tmp_path / "run.html")
    assert not (tmp_path / "run.html").exists()
