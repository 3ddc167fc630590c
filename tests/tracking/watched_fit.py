"""The training that tests of the tracker watch."""

import keras


def fit(model, x, y, tracker=None, **options):
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    keras.utils.set_random_seed(0)
    callbacks = [tracker] if tracker else []
    return model.fit(x, y, batch_size=20, verbose=0, callbacks=callbacks, **options)
