"""arguments.json: not believed where an experiment would not have written it."""

import json

import pytest

from normlayers.experiments.running.command_line import UsageError
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
