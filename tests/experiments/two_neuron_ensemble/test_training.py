"""An arm's measures on disk: all of them, or no file; see ``test_experiment`` for their values."""

import numpy as np
import pytest

from normlayers.experiments.two_neuron_ensemble import training

ARGUMENTS = {"seed": 0, "networks": 70, "epochs": 1, "batch-size": 83, "optimizer": "sgd"}


def test_measures_are_read_from_disk_and_complete(tmp_path):
    training.train(ARGUMENTS, "relu-shift-0", tmp_path, lambda epochs: None)
    kept = training.kept_networks(tmp_path)
    assert isinstance(kept, np.memmap)
    assert kept.shape == (70,)
    assert np.isfinite(kept["accuracy"]).all()
    assert [path.name for path in tmp_path.iterdir()] == ["networks.npy"]


def test_an_interruption_leaves_no_file(tmp_path, monkeypatch):
    chunks_of = training.train_ensemble

    def interrupted(*arguments, **options):
        yield next(chunks_of(*arguments, **options))
        assert len(list(tmp_path.glob(".networks.*.partial.npy"))) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_ensemble", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.train(ARGUMENTS, "relu-shift-0", tmp_path, lambda epochs: None)
    assert list(tmp_path.iterdir()) == []
