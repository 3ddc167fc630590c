"""A model that is to be repaired, read."""

from __future__ import annotations

from contextlib import suppress

import keras

from normlayers.diagnosis.evidence.problem import reason
from normlayers.diagnosis.evidence.random_states import own_random_numbers
from normlayers.diagnosis.evidence.subject import is_built, made_anew
from normlayers.diagnosis.repair.given import Given, whole
from normlayers.diagnosis.repair.rebuild import build
from normlayers.diagnosis.repair.training import Split
from normlayers.inference.layer_copy import take_assets
from normlayers.inference.rebuilding import take_state
from normlayers.tracking.reading.compiled_reading import build as build_symbolically
from normlayers.tracking.step_numbers import iterations


def read_given(model: keras.Model, rows: Split, batch_size: int) -> Given:
    """The model, read, with the rows that were not held out."""
    built = model if is_built(model) else _built_copy(model, rows)
    trained = iterations(getattr(model, "optimizer", None)) > 0
    return Given(model, built, rows.x, rows.y, trained, batch_size, rows.names)


def _built_copy(model: keras.Model, rows: Split) -> keras.Model:
    """A model that is not built yet, copied and built, with what some of its layers have."""
    try:
        copy = made_anew(model)
        take_assets(copy, model)
        both = (each._flatten_layers(include_self=False, recursive=False) for each in (model, copy))
        for layer, own in zip(*both, strict=True):
            if layer.built:  # by itself, as one that has adapted
                if not own.built:
                    own.build_from_config(layer.get_build_config() or {})
                take_state(own, layer)
        build_symbolically(copy, whole([part[:1] for part in rows.x], rows.names))
    except Exception as error:  # the model's own code
        why = reason(error)
        raise ValueError(
            f"the model is not built and cannot be copied: {why} Call it on a batch first."
        ) from error
    return copy


def with_loss(model: keras.Model, rows: Split, batch_size: int, seed: int) -> keras.Model:
    """What is diagnosed: a fresh model that is compiled without a loss with that which it gets."""
    optimizer, own = getattr(model, "optimizer", None), type(model).compute_loss
    if optimizer is None or model.loss or own is not keras.Model.compute_loss:
        return model
    if iterations(optimizer):  # the other has taken no steps
        return model
    with own_random_numbers(seed), suppress(Exception):  # what cannot be made is refused later
        given = read_given(model, rows, batch_size)
        return build(given.plan(), given)
    return model
