"""Batch normalization, written out, with a switch for its place around the activation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import keras
from keras import ops

from normlayers.layers.batch_norm import (
    arguments,
    batch_renormalization,
    blocked_batch_norm,
    fused_batch_norm,
    reference_batch_norm,
)
from normlayers.layers.batch_norm.moving_statistics import kept_share, move
from normlayers.layers.batch_norm.replicas import total_over_replicas
from normlayers.layers.batch_norm.weights import add_weights
from normlayers.layers.centring import at_least_float32

Placement = Literal["pre", "post"]
Implementation = Literal["auto", "reference", "fused"]


@keras.saving.register_keras_serializable(package="normlayers")
class BatchNormalization(keras.layers.BatchNormalization):
    """Normalizes each channel over the batch, then scales and shifts it by learned amounts.

    In training, over the ``n`` values that a channel has in the batch::

        mu      = sum(x) / n
        sigma^2 = sum((x - mu)^2) / n
        x_hat   = (x - mu) / sqrt(sigma^2 + epsilon)
        y       = gamma * x_hat + beta

    In inference (``training=False``, or ``trainable=False``) ``mu`` and ``sigma^2`` are the
    moving statistics, which every training step moves by ``moving = momentum * moving +
    (1 - momentum) * batch``. Statistics are computed in at least float32. A batch of one value
    per channel has ``sigma^2 = 0`` and comes out as ``beta``; an empty batch, and a channel
    that is masked out altogether, moves nothing.

    It takes the place of ``keras.layers.BatchNormalization``, whose arguments, weights and saved
    weights it shares, and is found by ``isinstance`` wherever that is; forward and backward are
    its own. So JAX has no forward-mode derivative of a training step (``jax.jvp``, ``jax.jacfwd``),
    whatever the ``implementation``: take ``jax.jacrev``, or Keras's layer with ``get_weights()``.

    With an ``activation``, ``placement`` says on which side of it the normalization stands:

    - ``"pre"``: ``activation(BN(z))``, as in the paper and, with a word on the debate, article
      A3. For saturating activations, and where a Dense or Conv layer before it may lose its bias
      (``without_idle_bias``): ``beta`` takes its place.
    - ``"post"``: ``BN(activation(z))``, as in article A1: the next layer gets normalized inputs.

    Source: Ioffe & Szegedy (2015), "Batch Normalization: Accelerating Deep Network Training by
    Reducing Internal Covariate Shift", algorithm 1.

    Args:
        axis: the channels' axis.
        momentum: how much of the moving statistics a training step keeps, in [0, 1].
        epsilon: added to the variance, so that nothing is divided by 0; with ``epsilon=0`` a
            constant channel comes out as ``beta``.
        center: learn ``beta``.
        scale: learn ``gamma``.
        beta_initializer, gamma_initializer: how ``beta`` and ``gamma`` start.
        moving_mean_initializer, moving_variance_initializer: how the moving statistics start.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: constraints on the weights.
        renorm: correct the batch's statistics towards moving ones in training too, for small
            batches (Ioffe 2017, "Batch Renormalization").
        renorm_clipping: limits of that correction, ``"rmin"``, ``"rmax"`` and ``"dmax"``; what
            is left out does not limit.
        renorm_momentum: how much of renorm's own moving statistics a training step keeps.
        synchronized: take the statistics of the global batch, also where replicas see unequal
            parts of it: under ``tf.distribute``; over the processes of ``torch.distributed``, each
            of which has to train at every step. On JAX a sharded batch is always taken whole.
        activation: a Keras activation, by name, as a function or as a layer; ``None`` for none.
        placement: ``"pre"`` or ``"post"``; without an activation it changes nothing.
        debias: divide the initial values out of the statistics that inference takes, as Adam
            does, so that it is right from the first step on; with ``momentum=1`` they are then
            the plain averages of all batches. Counts the steps in a further weight, ``steps``, one
            number for all channels: one that a mask leaves out of early steps starts from 0 and 1.
        implementation: ``"reference"`` computes what is written here; ``"fused"`` the backend's
            own kernel (TensorFlow's ``FusedBatchNormV3``, torch's ``batch_norm``) wherever it
            means the same: not under XLA, nor for one value per channel on torch. On a CPU these
            add in float32, one value after the other: over 10^6 values per channel of mean 1 the
            variance is off by 2e-4 of itself, of mean 1000 by 14 times. ``"auto"`` takes the
            kernel where there is one that is faster, on a CPU with sums of its own (off by less
            than 1e-6), and there errs at most twice as much as Keras's layer.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Call arguments:
        inputs: shape ``(batch, ..., channels, ...)``.
        training: whether to use the batch's statistics (and move the moving ones).
        mask: shape of the inputs without the last axis; ``False`` leaves values out of the
            batch's statistics.

    Raises:
        ValueError: an argument is out of its range; the inputs' channels are unknown or others
            than before; a mask of another rank; ``implementation="fused"`` where no kernel
            means the same.

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
        renorm: bool = False,
        renorm_clipping: Mapping[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        activation: Any = None,
        placement: Placement = "pre",
        debias: bool = False,
        implementation: Implementation = "auto",
        **kwargs: Any,
    ) -> None:
        arguments.check_choices(placement=placement, implementation=implementation)
        arguments.check_flags(
            center=center, scale=scale, renorm=renorm, synchronized=synchronized, debias=debias
        )
        arguments.check_axis(axis)
        arguments.check_share("momentum", momentum)
        arguments.check_epsilon(epsilon)
        if renorm:
            arguments.check_renorm_clipping(renorm_clipping)
            arguments.check_share("renorm_momentum", renorm_momentum)
        super().__init__(
            axis=axis,
            momentum=momentum,
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            moving_mean_initializer=moving_mean_initializer,
            moving_variance_initializer=moving_variance_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            renorm=renorm,
            renorm_clipping=renorm_clipping,
            renorm_momentum=renorm_momentum,
            **kwargs,
        )
        self.synchronized = synchronized  # which Keras's own layer refuses but on TensorFlow
        self.activation = keras.activations.get(activation)
        self.placement = placement
        self.debias = debias
        self.implementation = implementation
        self.steps = None

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of a shape; Keras calls this."""
        shape = tuple(input_shape)
        axis, channels = arguments.channels_of(shape, self.axis)
        self._why_not_fused = self._find_why_not_fused(axis, len(shape))
        if self.implementation == "fused" and self._why_not_fused:
            raise ValueError(
                f'implementation="fused": {self._why_not_fused}. Received: inputs of shape '
                f'{shape}, axis={self.axis}; take "auto" or "reference".'
            )
        self.input_spec = keras.layers.InputSpec(ndim=len(shape), axes={axis: channels})
        add_weights(self, channels, self._statistics_dtype)
        if isinstance(self.activation, keras.layers.Layer) and not self.activation.built:
            self.activation.build(shape)
        self.built = True

    def _find_why_not_fused(self, axis: int, rank: int) -> str | None:
        if self.synchronized:
            return "the backends' kernels see one replica's batch, not the global one"
        return fused_batch_norm.why_not(self._statistics_dtype, axis, rank, self.epsilon)

    @property
    def _statistics_dtype(self) -> str:
        # float16 weights could not hold the variance of inputs of std 300.
        return at_least_float32(self.variable_dtype)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize, before or after the activation."""
        if mask is not None:
            arguments.check_mask(mask, inputs, self.implementation)
        normalize = self._infer
        if training and self.trainable:
            normalize = self._renormalize if self.renorm else self._train
        if self.placement == "post":
            return normalize(self.activation(inputs), mask)
        return self.activation(normalize(inputs, mask))

    def _infer(self, x: Any, mask: Any) -> Any:
        fused = self._takes_kernel(x, None)
        kernel = self._kernel(x) if fused else reference_batch_norm
        # The kernels take float16 and bfloat16 as they are, and compute in float32 all the same.
        x = ops.cast(x, self.compute_dtype if fused else self._statistics_dtype)
        moving = map(self._statistic, (self.moving_mean, self.moving_variance))
        y = kernel.infer(x, *self._learned(), *moving, self.axis, self.epsilon)
        return ops.cast(y, self.compute_dtype)

    def _train(self, x: Any, mask: Any) -> Any:
        y, n, mu, variance = self._normalize(x, mask, *self._learned(), self.compute_dtype)
        keep = kept_share(self.momentum, n, self.steps, self._statistics_dtype)
        move(self.moving_mean, mu, keep, n)
        move(self.moving_variance, variance, keep, n)
        return ops.cast(y, self.compute_dtype)

    def _renormalize(self, x: Any, mask: Any) -> Any:
        # x_hat is not what comes out: not to be rounded.
        dtype = self._statistics_dtype
        x_hat, n, mu, variance = self._normalize(
            x, mask, self._vector(ops.ones), self._vector(ops.zeros), dtype
        )
        mu, variance = ops.reshape(mu, (-1,)), ops.reshape(variance, (-1,))
        sigma = ops.sqrt(variance + self.epsilon)
        renorm_sigma = self._statistic(self.renorm_stddev)
        least = ops.convert_to_tensor(math.sqrt(self.epsilon), dtype)  # on torch else float32
        renorm_sigma = ops.where(renorm_sigma > least, renorm_sigma, least)
        r, d = batch_renormalization.correction(
            mu, sigma, self.renorm_mean, renorm_sigma, self.renorm_clipping
        )
        gamma, beta = self._learned()
        _, column = reference_batch_norm.across(x, self.axis)
        y = x_hat * column(r * gamma) + column(d * gamma + beta)
        move(self.renorm_mean, mu, self.renorm_momentum, n)
        move(self.renorm_stddev, sigma, self.renorm_momentum, n)
        keep = kept_share(self.momentum, n, self.steps, dtype)
        move(self.moving_mean, mu, keep, n)
        move(self.moving_stddev, sigma, keep, n)
        # Rounding may take it below 0.
        moved = ops.relu(ops.square(self.moving_stddev) - self.epsilon)
        move(self.moving_variance, moved, 0.0, n)
        return ops.cast(y, self.compute_dtype)

    def _normalize(
        self, x: Any, mask: Any, gamma: Any, beta: Any, kernel_dtype: str
    ) -> tuple[Any, Any, Any, Any]:
        """``y``, ``n``, ``mu`` and ``sigma^2`` of a batch."""
        if self._takes_kernel(x, mask):
            x = ops.cast(x, kernel_dtype)
            return self._kernel(x).train(x, gamma, beta, self.axis, self.epsilon)
        x = ops.cast(x, self._statistics_dtype)
        counted = None
        if mask is not None:
            counted = ops.expand_dims(ops.cast(mask, "bool"), -1)
            counted = ops.broadcast_to(counted, ops.shape(x))
        total = {"total": total_over_replicas} if self.synchronized else {}
        return reference_batch_norm.train(x, gamma, beta, self.axis, self.epsilon, counted, **total)

    def _takes_kernel(self, x: Any, mask: Any) -> bool:
        if self.implementation == "reference" or self._why_not_fused or mask is not None:
            return False
        asked = self.implementation == "fused"
        return fused_batch_norm.takes(x, self.axis) and (asked or fused_batch_norm.is_faster(x))

    def _kernel(self, x: Any) -> Any:
        blocked = self.implementation == "auto" and blocked_batch_norm.is_needed(x)
        return blocked_batch_norm if blocked else fused_batch_norm

    def _learned(self) -> tuple[Any, Any]:
        gamma = self._vector(ops.ones) if self.gamma is None else self._statistic(self.gamma)
        beta = self._vector(ops.zeros) if self.beta is None else self._statistic(self.beta)
        return gamma, beta

    def _statistic(self, weight: Any) -> Any:
        # torch's modules may be moved to another type.
        return ops.cast(ops.convert_to_tensor(weight), self._statistics_dtype)

    def _vector(self, make: Callable[..., Any]) -> Any:
        return make(self.moving_mean.shape, self._statistics_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "placement": self.placement,
            "debias": self.debias,
            "implementation": self.implementation,
        }
