import keras

import normlayers as nl
from normlayers.diagnosis.repair.cures.dropouts import drop_dropouts, weaken_dropouts
from tests.diagnosis.repair.made import classes, classifier, found, given

LAYERS = keras.layers


def test_dropouts_that_leave_next_to_nothing_are_weakened_or_taken_out():
    x, y = classes()
    both = [LAYERS.Dropout(0.95, name="most"), LAYERS.Dropout(0.3, name="some")]
    model = classifier(LAYERS.Dense(16, "relu"), *both)
    done = nl.repair(model, x, y, found("dropout_too_strong", where="most"), trials=1)
    (change,) = done.changes
    assert (change.fault, change.where) == ("dropout_too_strong", "most")
    assert [done.model.get_layer(name).rate for name in ("most", "some")] == [0.2, 0.3]
    assert [layer.rate for layer in both] == [0.95, 0.3]
    plan = drop_dropouts(given(model, x, y).plan(), given(model, x, y), "dropout_too_strong", [])
    assert plan.chains["most"] == ()
    none = classifier(LAYERS.Dropout(0.3, name="some"))
    for cure in (weaken_dropouts, drop_dropouts):
        assert cure(given(none, x, y).plan(), given(none, x, y), "dropout_too_strong", []) is None
