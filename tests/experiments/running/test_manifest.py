"""arguments.json: not believed where an experiment would not have written it."""

import json

import pytest

from normlayers.experiments.running.manifest import refuse_other_run
from normlayers.experiments.running.usage_error import UsageError
from tests.experiments.made_up_runs import directory, files, finished


@pytest.mark.parametrize(
    "content",
    [
        *("[]", "{", "\0", "{}", '{"experiment": "circle", "arguments": null}'),
        '{"experiment": "circle", "arms": [1], "arguments": {}, "versions": {}}',
    ],
)
def test_a_manifest_that_no_experiment_wrote_is_refused_and_kept(tmp_path, content):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "film.gif").write_text("mine")
    (inside / "arguments.json").write_text(content)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=r"arguments.json is not what .* move it away"):
        directory(inside).open(start_over=True)
    assert files(tmp_path) == before


@pytest.mark.parametrize("arm", ["../outside", "..", ".", "", "mine", "/etc", "a/../../outside"])
def test_an_edited_manifest_names_no_folders_to_delete(tmp_path, arm):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    finished(inside)
    for folder in (inside, inside / "mine", outside):
        folder.mkdir(exist_ok=True)
        for name in ("film.gif", "events.out.tfevents.1"):
            (folder / name).write_text("mine")
    manifest = json.loads((inside / "arguments.json").read_text())
    (inside / "arguments.json").write_text(json.dumps({**manifest, "arms": ["a", arm]}))
    before = files(tmp_path)
    with pytest.raises(UsageError, match=r"names the arm .*, which circle does not have"):
        directory(inside).open(start_over=True)
    assert files(tmp_path) == before


def test_a_look_at_the_folder_refuses_what_opening_it_would(tmp_path):
    refuse_other_run(tmp_path / "new", "circle", {"epochs": 1}, start_over=False)
    finished(tmp_path)
    asked = json.loads((tmp_path / "arguments.json").read_text())["arguments"]
    other = dict.fromkeys(asked, "another")
    refuse_other_run(tmp_path, "circle", asked, start_over=False)
    refuse_other_run(tmp_path, "circle", other, start_over=True)
    with pytest.raises(UsageError, match=r"holds a run made with .* \(now another\)"):
        refuse_other_run(tmp_path, "circle", other, start_over=False)
    with pytest.raises(UsageError, match=r"holds a run of circle, not of square"):
        refuse_other_run(tmp_path, "square", asked, start_over=True)
    with pytest.raises(UsageError, match=r"is no folder"):
        refuse_other_run(tmp_path / "arguments.json", "circle", asked, start_over=True)


def test_a_name_that_is_too_long_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"too long.*choose another --log-dir"):
        refuse_other_run(tmp_path / ("x" * 300), "some", {}, start_over=False)
