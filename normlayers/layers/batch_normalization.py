"""Batch normalization, written out, with a switch for its place around the activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

Placement = Literal["pre", "post"]


@keras.saving.register_keras_serializable(package="normlayers")
class BatchNormalization(keras.layers.Layer):
    """Normalizes each channel over the batch, then scales and shifts it by learned amounts.

    In training, over the ``n`` values that a channel has in the batch::

        mu      = sum(x) / n
        sigma^2 = sum((x - mu)^2) / n
        x_hat   = (x - mu) / sqrt(sigma^2 + epsilon)
        y       = gamma * x_hat + beta

    In inference (``training=False``, or ``trainable=False``) ``mu`` and ``sigma^2`` are the
    moving statistics, which every training step moves by ``moving = momentum * moving +
    (1 - momentum) * batch``. Statistics are computed in at least float32.

    With an ``activation``, ``placement`` says on which side of it the normalization stands:

    - ``"pre"``: ``activation(BN(z))``, as in the paper and article A3. A Dense or Conv layer
      before it needs no bias: ``beta`` takes its place.
    - ``"post"``: ``BN(activation(z))``, as in article A1: the next layer gets normalized inputs.

    Source: Ioffe & Szegedy (2015), "Batch Normalization: Accelerating Deep Network Training by
    Reducing Internal Covariate Shift", algorithm 1.

    Args:
        axis: the channels' axis.
        momentum: how much of the moving statistics a training step keeps, in [0, 1].
        epsilon: added to the variance, so that nothing is divided by 0.
        center: learn ``beta``.
        scale: learn ``gamma``.
        beta_initializer, gamma_initializer, moving_mean_initializer,
            moving_variance_initializer: how the weights start.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: constraints on the weights.
        activation: a Keras activation, by name or as a function; ``None`` for none.
        placement: ``"pre"`` or ``"post"``; without an activation it changes nothing.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Call arguments:
        inputs: shape ``(batch, ..., channels, ...)``.
        training: whether to use the batch's statistics (and move the moving ones).
        mask: shape of the inputs without the last axis; ``False`` leaves values out of the
            batch's statistics.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> layer = nl.BatchNormalization(epsilon=0.0, activation="relu", placement="pre")
        >>> z = np.array([[1.0], [3.0]], "float32")
        >>> np.asarray(layer(z, training=True)).tolist()
        [[0.0], [1.0]]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        activation: Any = None,
        placement: Placement = "pre",
        **kwargs: Any,
    ) -> None:
        if placement not in ("pre", "post"):
            raise ValueError(
                'placement must be "pre" (activation(BN(z))) or "post" (BN(activation(z))). '
                f"Received: placement={placement!r}"
            )
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be in [0, 1]. Received: momentum={momentum}")
        if epsilon < 0:
            raise ValueError(f"epsilon must not be negative. Received: epsilon={epsilon}")
        super().__init__(**kwargs)
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.moving_mean_initializer = keras.initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = keras.initializers.get(moving_variance_initializer)
        self.beta_regularizer = keras.regularizers.get(beta_regularizer)
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.beta_constraint = keras.constraints.get(beta_constraint)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)
        self.activation = keras.activations.get(activation)
        self.placement = placement
        self.supports_masking = True

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of a shape; Keras calls this."""
        shape = tuple(input_shape)
        rank = len(shape)
        if not -rank <= self.axis < rank:
            raise ValueError(
                f"axis {self.axis} is out of range. Received: inputs of shape {shape}."
            )
        channels = shape[self.axis]
        if channels is None:
            raise ValueError(
                f"the channels' axis, {self.axis}, needs a known length. "
                f"Received: inputs of shape {shape}; state it in keras.Input."
            )
        axis = self.axis % rank
        self._reduction_axes = [a for a in range(rank) if a != axis]
        self._broadcast_shape = [channels if a == axis else 1 for a in range(rank)]
        self.input_spec = keras.layers.InputSpec(ndim=rank, axes={axis: channels})
        self._add_weights(channels)
        self.built = True

    def _add_weights(self, channels: int) -> None:
        def add(name: str, **options: Any) -> Any:
            return self.add_weight(
                name=name,
                shape=(channels,),
                initializer=getattr(self, f"{name}_initializer"),
                # float16 weights could not hold the variance of inputs of std 300.
                dtype=keras.backend.result_type(self.variable_dtype, "float32"),
                autocast=False,
                **options,
            )

        self.gamma = self.beta = None
        if self.scale:
            self.gamma = add(
                "gamma", regularizer=self.gamma_regularizer, constraint=self.gamma_constraint
            )
        if self.center:
            self.beta = add(
                "beta", regularizer=self.beta_regularizer, constraint=self.beta_constraint
            )
        self.moving_mean = add("moving_mean", trainable=False)
        self.moving_variance = add("moving_variance", trainable=False)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize, before or after the activation."""
        use_batch = bool(training) and self.trainable
        if self.placement == "post":
            return self._normalize(self.activation(inputs), use_batch, mask)
        return self.activation(self._normalize(inputs, use_batch, mask))

    def _normalize(self, inputs: Any, use_batch: bool, mask: Any) -> Any:
        # float16 and bfloat16 overflow in the squares.
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = ops.cast(inputs, dtype)
        if use_batch:
            mu, variance = self._batch_statistics(x, mask)
            self._move_statistics(mu, variance)
        else:
            mu = self._broadcast(self.moving_mean, dtype)
            variance = self._broadcast(self.moving_variance, dtype)

        x_hat = (x - mu) / ops.sqrt(variance + self.epsilon)
        y = x_hat
        if self.gamma is not None:
            y = self._broadcast(self.gamma, dtype) * y
        if self.beta is not None:
            y = y + self._broadcast(self.beta, dtype)
        return ops.cast(y, self.compute_dtype)

    def _batch_statistics(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """``mu`` and ``sigma^2`` of each channel, in a shape that broadcasts over ``x``."""
        over = {"axis": self._reduction_axes, "keepdims": True}
        if mask is None:
            mu = ops.mean(x, **over)
            return mu, ops.mean(ops.square(x - mu), **over)
        if len(mask.shape) != len(x.shape) - 1:
            raise ValueError(
                "mask must have the axes of the inputs but the last. "
                f"Received: mask of shape {tuple(mask.shape)}, inputs of shape {tuple(x.shape)}."
            )
        counted = ops.broadcast_to(ops.expand_dims(ops.cast(mask, "bool"), -1), ops.shape(x))
        n = ops.sum(ops.cast(counted, x.dtype), **over)
        n = ops.maximum(n, 1)  # where a channel is masked out altogether
        mu = ops.sum(ops.where(counted, x, 0), **over) / n
        return mu, ops.sum(ops.where(counted, ops.square(x - mu), 0), **over) / n

    def _move_statistics(self, mu: Any, variance: Any) -> None:
        for moving, batch in ((self.moving_mean, mu), (self.moving_variance, variance)):
            batch = ops.cast(ops.reshape(batch, moving.shape), moving.dtype)
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))

    def _broadcast(self, weight: Any, dtype: str) -> Any:
        return ops.cast(ops.reshape(weight, self._broadcast_shape), dtype)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[Any, ...]:
        """The shape of the inputs."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "placement": self.placement,
            "activation": keras.activations.serialize(self.activation),
        }
        for weight in ("beta", "gamma", "moving_mean", "moving_variance"):
            name = f"{weight}_initializer"
            config[name] = keras.initializers.serialize(getattr(self, name))
        for weight in ("beta", "gamma"):
            for kind, module in (
                ("regularizer", keras.regularizers),
                ("constraint", keras.constraints),
            ):
                name = f"{weight}_{kind}"
                config[name] = module.serialize(getattr(self, name))
        return {**super().get_config(), **config}
