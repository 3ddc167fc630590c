import keras
import numpy as np

from normlayers.diagnosis.watched import at_start, of_reading
from normlayers.tracking.reading.probe import Probe
from tests.diagnosis.small_models import classifier, points

X, _ = points()


def test_what_is_said_at_the_start_and_what_of_a_reading():
    model = classifier(loss=None)
    model.get_layer("hidden").bias.assign(np.full(16, -1e6))
    assert [row["fault"] for row in at_start(model, X * 1e4)] == ["inputs_not_scaled"]
    probe = Probe(model)
    (row,) = of_reading(probe.read(X).summaries, probe.wiring)
    assert (row["fault"], row["where"], row["severity"]) == ("dead_neurons", "hidden", "error")


def test_healthy_models_have_none():
    keras.utils.set_random_seed(0)
    model = classifier()
    probe = Probe(model)
    reading = probe.read(X)
    assert at_start(model, X) == []
    assert of_reading(reading.summaries, probe.wiring) == []
