"""Cures of targets, outputs and losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.losses import (
    LOGARITHMIC,
    PERCENTAGE,
    RULING,
    Loss,
    known_loss,
    largest_weight,
    loss_kind,
)
from normlayers.diagnosis.repair.given import Given, activation_name
from normlayers.diagnosis.repair.plan import Change, Part, Plan, new_part, put
from normlayers.diagnosis.repair.target import Target
from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

# A unit for every number up to the largest label; more than this many to a label, and the labels
# are to be numbered instead.
MOST_UNITS_A_LABEL = 10
# Of variances of columns: of squares, the smaller is then a hundredth of the loss.
UNEQUAL = 100.0


def scale_targets(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """The targets standardized for training; what comes out is in the user's units."""
    indices = [i for i in given.learned if given.targets[i].is_regression]
    indices = _named(given, indices, places)
    done, divided, ruled = [], [], ""
    for index in indices:
        y = np.asarray(given.compared[index], float)
        y = y.reshape(-1, y.shape[-1] if y.ndim > 1 else 1)
        y = y[np.isfinite(y).all(1)]
        mean, variance = y.mean(0), y.var(0)
        if not np.all(variance > 0):
            continue
        loss = known_loss(plan.losses[index]) if plan.losses[index] is not None else None
        fitting, factor = _loss_of_scaled(plan.losses[index], loss, float(variance.mean()))
        factor = factor or _measured_factor(plan.losses[index], y, mean, variance)
        plan = _with_activation(plan, given, index, "linear", afresh=given.trained)
        plan, name = _with_free_name(plan, given, index)
        back = new_part(
            Standardize, name, mean=mean.tolist(), variance=variance.tolist(), invert=True
        )
        divided.append(factor != 1)
        plan = replace(
            plan,
            behind=put(plan.behind, index, (back,)),
            losses=put(plan.losses, index, fitting),
            loss_weights=put(plan.loss_weights, index, _times(plan.loss_weights[index], factor)),
        )
        done.append(given.output_names[index])
        ruled += _ruling(given.output_names[index], variance)
    if not done:
        return None
    change = Change(
        fault,
        ", ".join(done),
        "A Standardize(invert=True) stands behind the output"
        + (", and the loss is divided by the targets' scale." if any(divided) else "."),
        "The network learns targets of unit scale and predicts in their own units." + ruled,
    )
    return plan.changed(change)


def _ruling(name: str, variance: Array) -> str:
    """What to know of a loss in units of its own, where one column's are far larger."""
    if variance.max() <= UNEQUAL * variance.min():
        return ""
    return (
        f" The loss is still that of {name!r} in units of its own, ruled by column "
        f"{int(variance.argmax())}: where every column is to count, standardize y."
    )


def fit_output(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Units, activation and loss that the labels call for."""
    before = plan
    for index in _named(given, given.learned, places):
        target = given.targets[index]
        y = given.compared[index]
        found = _fitting(target, _units(given, index), plan.losses[index], y)
        if found is None:
            continue
        units, activation, loss, what = found
        if _is_so(plan, given, index, units, activation, loss):
            continue
        fitted = _with_activation(plan, given, index, activation)
        maker = _maker(given, index)
        if units != _units(given, index):
            if maker not in fitted.chains or "units" not in fitted.chains[maker][0].config:
                continue
            fitted = fitted.each_part(maker, partial(_with_units, units=units))
        change = Change(
            fault,
            given.output_names[index],
            f"The output has {units} {activation} unit{'s' if units > 1 else ''} and the loss "
            f"{known_loss(loss).name if isinstance(loss, str) else type(loss).__name__}; it had "
            f"{_as_given(given, index)}.",
            f"The targets are {what}.",
        )
        plan = fitted.changed(change, losses=put(fitted.losses, index, loss))
    return None if plan is before else plan


def _as_given(given: Given, index: int) -> str:
    """An output and its loss before, in words."""
    names = [activation_name(given.parts[name]) for name in given.output_makers[index]]
    used = " of ".join(name for name in names if name != "linear") or ("linear" if names else "")
    units, loss = _units(given, index), loss_kind(given.losses[index])
    has = f"{units} {used} unit{'s' if units > 1 else ''}".replace("  ", " ")
    if loss is None:
        return f"{has} and no loss"
    return f"{has} and {loss.name}{' of logits' if loss.from_logits else ''}"


def _is_so(plan: Plan, given: Given, index: int, units: int, activation: str, loss: Any) -> bool:
    """Whether an output has these units, this activation and no other, and such a loss."""
    names, own = given.output_makers[index], plan.losses[index]
    parts = [part for name in names for part in plan.chains[name]]
    used = [name for name in map(activation_name, parts) if name != "linear"]
    same = own is not None and known_loss(own) == known_loss(loss)
    now = parts[-1].config.get("units") if parts else None
    return (
        same
        and units == (now or _units(given, index))
        and (not names or used == [name for name in (activation,) if name != "linear"])
    )


def _fitting(target: Target, units: int, loss: Any, y: Array) -> tuple[int, str, Any, str] | None:
    """Units, activation and loss for targets, and what the targets are."""
    losses = keras.losses
    if target.kind == "regression":
        known = None if loss is None else known_loss(loss)
        logarithmic = known is not None and known.name in LOGARITHMIC
        if logarithmic and np.nanmin(y) >= 0:
            return target.columns, "softplus", loss, "amounts of 0 and more"
        if known is not None and known.name == PERCENTAGE and largest_weight(y) > RULING:
            return target.columns, "linear", "mae", "amounts, of which some are next to 0"
        keeps = known is not None and known.kind in ("regression", "relative", "")
        return target.columns, "linear", loss if keeps and not logarithmic else "mse", "amounts"
    if target.kind == "one_hot":
        what = f"one of {target.columns} classes, as one-hot rows"
        return target.columns, "softmax", losses.CategoricalCrossentropy(), what
    if target.kind == "several":
        what = f"{target.columns} answers of yes or no"
        return target.columns, "sigmoid", losses.BinaryCrossentropy(), what
    if target.kind == "binary" and target.labels == (-1.0, 1.0):
        return 1, "tanh", losses.SquaredHinge(), "-1 and 1"
    if target.kind == "binary" and target.labels in ((0.0, 1.0), (0.0,), (1.0,)):
        return 1, "sigmoid", losses.BinaryCrossentropy(), "0 and 1"
    if not target.labels or min(target.labels) < 0:
        return None
    needed = int(max(target.labels)) + 1
    if needed > MOST_UNITS_A_LABEL * len(target.labels):
        return None
    what = f"numbers of classes up to {needed - 1}"
    fitting = losses.SparseCategoricalCrossentropy(ignore_class=target.ignored)
    return max(needed, units), "softmax", fitting, what


def _loss_of_scaled(loss: Any, known: Loss | None, variance: float) -> tuple[Any, float | None]:
    """A loss of what comes out; times a factor it is the given one of standardized values.

    The factor is ``None`` of a loss that is not known.
    """
    name = "" if known is None else known.name
    deviation = float(np.sqrt(variance))
    if name == "mean_squared_error":
        return loss, 1 / variance
    if name in ("mean_absolute_error", "log_cosh"):
        return loss, 1 / deviation
    if name == "huber":
        if not isinstance(loss, keras.losses.Loss):
            return keras.losses.Huber(delta=deviation), 1 / variance
        # Keras's configuration of it leaves delta out.
        delta = float(getattr(loss, "_fn_kwargs", loss.get_config()).get("delta", 1.0))
        config = {"reduction": loss.reduction, "name": loss.name, "dtype": loss.dtype}
        return keras.losses.Huber(delta=delta * deviation, **config), 1 / variance
    return loss, 1.0 if known is not None and known.kind else None


def _measured_factor(loss: Any, y: Array, mean: Array, variance: Array) -> float:
    """Of a loss that is not known: by how much the targets' scale makes it larger.

    As it is of the mean, predicted for all; 1 where that is no positive number.
    """
    standardized = (y - mean) / np.sqrt(variance)
    pairs = (y, np.broadcast_to(mean, y.shape)), (standardized, 0 * standardized)
    try:
        function = keras.losses.get(loss)
        large, small = (
            float(np.mean(keras.ops.convert_to_numpy(function(*map(_tensor, pair)))))
            for pair in pairs
        )
    except Exception:  # a function of somebody's own
        return 1.0
    return small / large if 0 < small < np.inf and 0 < large < np.inf else 1.0


def _times(weight: float | None, factor: float) -> float:
    return factor if weight is None else weight * factor


def _with_activation(
    plan: Plan, given: Given, index: int, activation: str, afresh: bool = False
) -> Plan:
    """With another activation of an output, whether its layer's own or a layer's of its own."""
    names = given.output_makers[index]
    if not names:
        return plan
    for name in names[:-1]:
        if activation_name(given.parts[name]) != "linear":
            plan = plan.with_chain(name)
    maker = names[-1]
    if "activation" not in plan.chains[maker][0].config:
        return plan
    first, *rest = plan.chains[maker]
    first = first.but(activation=activation)
    return plan.with_chain(maker, first.afresh() if afresh else first, *rest)


def _gives_dict(model: keras.Model) -> bool:
    return not isinstance(model, keras.Sequential) and isinstance(model.output, Mapping)


def _tensor(values: Array) -> Any:
    return keras.ops.convert_to_tensor(values, "float32")


def _with_free_name(plan: Plan, given: Given, index: int) -> tuple[Plan, str]:
    """An output's name for what comes behind it, taken from the layer that has it.

    By that name come its targets, losses and metrics.
    """
    name = given.output_names[index]
    taken = {part.name for parts in plan.chains.values() for part in parts}
    taken |= {part.name for parts in (*plan.fronts, *plan.behind) for part in parts}

    def free(wanted: str) -> str:
        return next(n for n in (wanted + "_" * i for i in count()) if n not in taken)

    is_layer = name in plan.chains and not _gives_dict(given.built)
    if not is_layer or given.output_names.count(name) > 1:
        return plan, free(f"{_maker(given, index)}_in_units")
    renamed = [
        part.but(name=free(f"{name}_standardized")) if part.name == name else part
        for part in plan.chains[name]
    ]
    return plan.with_chain(name, *renamed), name


def _with_units(part: Part, units: int) -> Part:
    return part.of_other_shape(units=units)


def _maker(given: Given, index: int) -> str:
    names = given.output_makers[index]
    return names[-1] if names else given.output_names[index]


def _units(given: Given, index: int) -> int:
    return int(given.output_tensors[index].shape[-1] or 1)


def _named(given: Given, indices: list[int], places: list[str]) -> list[int]:
    """Those outputs that findings name; all where they name none."""
    named = [i for i in indices if {given.output_names[i], *given.output_makers[i]} & set(places)]
    return named or indices
