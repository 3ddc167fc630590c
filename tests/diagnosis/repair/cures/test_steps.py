import keras
import pytest

import normlayers as nl
from tests.diagnosis.repair.made import classes, classifier


@pytest.mark.parametrize("clipping", [{"clipnorm": 1e-6}, {"clipvalue": 1e-7}])
def test_an_optimizer_that_clips_gradients_away_clips_none(clipping):
    x, y = classes()
    model = classifier()
    model.compile(keras.optimizers.SGD(0.3, **clipping), model.loss)
    done = nl.repair(model, x, y, trials=2)
    assert [change.fault for change in done.changes][:1] == ["clipping_too_strong"]
    (name,) = clipping
    assert f"where it had {name}=1e-0" in done.changes[0].done
    assert getattr(done.model.optimizer, name) is None
    assert getattr(model.optimizer, name) is not None
    assert done.after > 0.7
