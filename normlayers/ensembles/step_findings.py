"""What is recorded of training's steps: each network's loss, and the norms of its gradients.

Of a training in which nothing is recorded, what was found is an empty dict everywhere.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from normlayers.ensembles.dense_networks import Weights

# Arrays by name, networks on the first axis.
Found = dict[str, Any]
# Recorded of the very first step alone.
OF_FIRST_STEP = ("first_gradient_norms", "input_gradient_norms")


def of_step(losses: Any, gradients: Weights) -> Found:
    """What is recorded of a step.

    Args:
        losses: of each network, the mean over the step's points.
        gradients: in ``blocks``, in the layout of ``classifier_network``.
    """
    norms = ops.concatenate([_norms(block["kernel"]) for block in gradients], axis=1)
    return {
        "loss": losses, "gradient_norms": norms, "first_gradient_norms": norms,
        "input_gradient_norms": ops.sqrt(ops.sum(ops.square(gradients[0]["kernel"]), axis=1)),
    }  # fmt: skip


def of_no_step(weights: Weights) -> Found:
    """What ``added`` begins with: zeros, of the shapes of ``of_step``."""
    networks, _, features = weights[0]["kernel"].shape
    norms = ops.concatenate([_norms(ops.zeros_like(b["kernel"])) for b in weights], axis=1)
    return {
        "loss": ops.zeros((networks,)), "gradient_norms": norms, "first_gradient_norms": norms,
        "input_gradient_norms": ops.zeros((networks, features)),
    }  # fmt: skip


def added(found: Found, now: Found, points: int, is_first: Any) -> Found:
    """Sums over an epoch's steps; a step's loss counts by its points, as Keras's mean does."""
    return {
        name: ops.where(is_first, now[name], array)
        if name in OF_FIRST_STEP
        else array + (now[name] * points if name == "loss" else now[name])
        for name, array in found.items()
    }


def of_epoch(found: Found, points: int, steps: int) -> Found:
    """An epoch's means from the sums over its steps."""
    parts = {"loss": points, "gradient_norms": steps}
    return {name: array / parts[name] if name in parts else array for name, array in found.items()}


def of_no_epoch(found: Found, epochs: int) -> Found:
    """What ``with_epoch`` begins with, of ``of_no_step``."""
    return {
        name: array if name in OF_FIRST_STEP else ops.zeros((epochs, *array.shape))
        for name, array in found.items()
    }


def with_epoch(found: Found, now: Found, number: Any) -> Found:
    """What was found of all epochs, with that of one more written in its place."""
    return {
        name: ops.where(number == 0, now[name], array)
        if name in OF_FIRST_STEP
        else ops.slice_update(array, (number, *([0] * len(now[name].shape))), now[name][None])
        for name, array in found.items()
    }


def of_one_epoch(now: Found) -> Found:
    """As ``with_epoch``, of a single one."""
    return {name: a if name in OF_FIRST_STEP else a[None] for name, a in now.items()}


def _norms(gradient: Any) -> Any:
    """Of kernels' gradients, a block's; shape ``(networks, layers)``."""
    norms = ops.sqrt(ops.sum(ops.square(gradient), axis=(-2, -1)))
    return ops.transpose(norms) if len(gradient.shape) == 4 else norms[:, None]
