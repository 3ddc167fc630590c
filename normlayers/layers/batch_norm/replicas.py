"""Sums over the replicas that share a batch."""

from __future__ import annotations

from typing import Any

import keras


def check_can_synchronize() -> None:
    """Refuse where replicas cannot be summed over.

    Raises:
        ValueError: the backend is torch.
    """
    if keras.backend.backend() not in ("tensorflow", "jax"):
        raise ValueError(
            "synchronized=True works on TensorFlow (tf.distribute) and JAX (a sharded batch). "
            f"Received: the {keras.backend.backend()} backend."
        )


def total_over_replicas(tensor: Any) -> Any:
    """A replica's tensor summed over all replicas; itself where there is one."""
    if keras.backend.backend() == "jax":
        return tensor  # the reduction of a sharded batch is over the whole batch already
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return tensor
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, tensor)
