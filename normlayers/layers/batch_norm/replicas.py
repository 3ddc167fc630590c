"""Sums over the replicas, or processes, that share a batch."""

from __future__ import annotations

from typing import Any

import keras


def total_over_replicas(tensor: Any) -> Any:
    """A replica's tensor summed over all replicas; itself where there is one.

    Replicas are those of ``tf.distribute`` on TensorFlow and the processes of ``torch.distributed``
    on torch, once its default group is initialized; every one of them has to call this. On JAX the
    reduction of a sharded array is over all of it already, on whichever process its parts are.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        return tensor
    return _over_processes(tensor) if backend == "torch" else _over_tensorflow_replicas(tensor)


def _over_tensorflow_replicas(tensor: Any) -> Any:
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return tensor
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, tensor)


def _over_processes(tensor: Any) -> Any:
    import torch
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        return tensor
    if distributed.get_world_size() == 1:
        return tensor
    if torch.is_grad_enabled() and tensor.requires_grad:  # for a second derivative
        from torch.distributed.nn.functional import all_reduce

        return all_reduce(tensor)
    total = tensor.detach().clone()
    distributed.all_reduce(total)
    return total
