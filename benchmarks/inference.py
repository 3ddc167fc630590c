"""Folded models against the models they are of, per runtime; recalibration against averaging.

I1: milliseconds of a call before and after folding, batch 1 and 32, in Keras (eager, graph, XLA),
ONNX Runtime and LiteRT (the extra ``export``); the largest difference of the outputs, relative to
the largest output and in its float32 units in the last place; how long folding and exporting take.
Medians over rounds in which the contestants take turns, on this machine.
I2 (``--applications``): that difference for every network of ``keras.applications`` with batch
normalization, and how many normalizations stay.
I3: test accuracy on digits after training at batch size 2 to 8, and after weight averaging: with
the moving statistics, recalibrated, and with ``torch.optim.swa_utils.update_bn``'s arithmetic.
"""

import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402

NETWORKS = ["ResNet50", "MobileNetV2", "EfficientNetB0", "DenseNet121", "dense"]
RUNTIMES = ["eager", "graph", "XLA", "ONNX Runtime", "LiteRT"]


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="*", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--runtimes", nargs="*", default=RUNTIMES, choices=RUNTIMES)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--size", type=int, default=224, help="height and width of the images")
    parser.add_argument("--rounds", type=int, default=9, help="rounds that are counted")
    parser.add_argument("--seeds", type=int, default=20, help="seeds of I3; 0 leaves it out")
    parser.add_argument("--applications", nargs="*", help="I2 alone: all, or the ones named")
    options = parser.parse_args()
    if min(options.rounds, options.size, *options.batches) < 1 or options.seeds < 0:
        parser.error("--rounds, --size and --batches must be at least 1, --seeds at least 0.")
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    import keras
    import numpy as np
    import tensorflow as tf
    from measured import Measured, keep
    from recalibration_accuracy import accuracies
    from rich.console import Console
    from rich.table import Table
    from side_by_side import medians

    import normlayers as nl

APPLICATIONS = [
    "DenseNet121 DenseNet169 DenseNet201",
    " ".join(f"EfficientNetB{n}" for n in range(8)),
    "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3",
    "EfficientNetV2S EfficientNetV2M EfficientNetV2L InceptionResNetV2 InceptionV3",
    "MobileNet MobileNetV2 MobileNetV3Large MobileNetV3Small NASNetLarge NASNetMobile",
    "ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2 Xception",
]
# These need larger images than the others.
SMALLEST = {"InceptionResNetV2": 96, "InceptionV3": 96, "Xception": 96}
# Networks whose latency has a goal.
GOAL_FOR = ("ResNet50", "MobileNetV2")
Call = Callable[[], Any]


def dense_network() -> keras.Model:
    """A network for tables: inputs standardized, batch normalization before each ReLU."""
    scaling = nl.Standardize()
    scaling.adapt(np.random.default_rng(0).normal(5, 3, (1000, 64)).astype("float32"))
    blocks = [
        layer
        for _ in range(4)
        for layer in (keras.layers.Dense(256), nl.BatchNormalization(activation="relu"))
    ]
    return keras.Sequential([keras.Input((64,)), scaling, *blocks, keras.layers.Dense(10)])


def network(name: str, size: int) -> keras.Model:
    """A network with random weights, and random statistics."""
    if name == "dense":
        model = dense_network()
    else:
        make = getattr(keras.applications, name)
        shape = (size, size, 3)
        # Keras's NASNet asks for its own size where the top is wanted, whatever the weights.
        model = make(weights=None, input_shape=shape, classifier_activation=None)
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.moving_mean.shape
            layer.moving_mean.assign(generator.normal(0, 0.5, shape))
            layer.moving_variance.assign(generator.uniform(0.5, 2.0, shape))
            if layer.gamma is not None:
                layer.gamma.assign(generator.uniform(0.5, 1.5, shape))
            layer.beta.assign(generator.normal(0, 0.5, shape))
    return model


def difference(folded: keras.Model, model: keras.Model, batch: int = 4) -> tuple[float, float]:
    """The largest difference of the outputs: relative to the largest, and in its last places."""
    x = inputs(model, batch)
    mine, its = (np.asarray(m.predict_on_batch(x)) for m in (folded, model))
    largest, off = np.abs(its).max(), np.abs(mine - its).max()
    return float(off / largest), float(off / np.spacing(largest))


def inputs(model: keras.Model, batch: int) -> Any:
    shape = (batch, *model.input_shape[1:])
    return np.random.default_rng(1).uniform(-1, 1, shape).astype("float32")


def calls(model: keras.Model, runtime: str, batch: int) -> tuple[Call, float]:
    """A call of a model in a runtime, and the seconds that it took to export it."""
    x = inputs(model, batch)
    tensor = tf.constant(x)
    if runtime == "eager":
        return lambda: model(tensor, training=False), 0.0
    if runtime in ("graph", "XLA"):
        compiled = tf.function(
            lambda t: model(t, training=False), jit_compile=runtime == "XLA", autograph=False
        )
        return lambda: compiled(tensor), 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        started = time.perf_counter()
        if runtime == "ONNX Runtime":
            import onnxruntime

            path += ".onnx"
            model.export(path, format="onnx", verbose=False)
            seconds = time.perf_counter() - started
            session = onnxruntime.InferenceSession(path)
            fed = {session.get_inputs()[0].name: x}
            return lambda: session.run(None, fed), seconds
        from ai_edge_litert.interpreter import Interpreter

        path += ".tflite"
        model.export(path, format="litert", verbose=False)
        seconds = time.perf_counter() - started
        # As many threads as the other runtimes take by themselves.
        interpreter = Interpreter(model_path=path, num_threads=os.cpu_count())
        index = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(index, x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(index, x)
        return interpreter.invoke, seconds


def latencies(
    names: list[str], runtimes: list[str], batches: list[int], size: int, rounds: int
) -> list[Measured]:
    """I1."""
    measured = []
    for name in names:
        table = Table(title=f"I1: {name}, a call before and after folding, images of {size} pixels")
        for column in ("runtime", "batch", "ms before", "ms after", "ratio", "export s"):
            table.add_column(column)
        model = network(name, size)
        started = time.perf_counter()
        result = nl.fold(model)
        seconds = time.perf_counter() - started
        off, ulps = difference(result.model, model)
        measured += [
            Measured(f"{name}: seconds to fold", seconds, 1.0, "s"),
            Measured(f"{name}: largest difference after folding, in 1e-5", off * 1e5, 1.0),
        ]
        Console().print(
            f"{name}: {len(result.folded)} folded, {len(result.kept)} kept in {seconds:.2f} s; "
            f"largest difference {off:.1e}, {ulps:.1f} ulps of the largest output"
        )
        model(model.inputs[0])  # as the folded one was: Keras exports what has been called
        for runtime in runtimes:
            for batch in batches:
                before, exporting = calls(model, runtime, batch)
                after, _ = calls(result.model, runtime, batch)
                times = medians({"before": before, "after": after}, rounds, 3)
                ratio = times["after"] / times["before"]
                goal = 0.85 if (runtime, batch) == ("graph", 1) and name in GOAL_FOR else None
                what = f"{name}, {runtime}, batch {batch}: folded / before"
                measured.append(Measured(what, ratio, goal))
                ms = (f"{times[key] * 1e3:.3g}" for key in ("before", "after"))
                table.add_row(runtime, str(batch), *ms, f"{ratio:.2f}", f"{exporting:.1f}")
        Console().print(table)
    return measured


def applications(size: int, only: list[str]) -> None:
    """I2."""
    table = Table(title=f"I2: folded networks with random statistics, at {size} x {size} or more")
    for column in ("network", "folded", "kept", "largest difference", "in ulps"):
        table.add_column(column)
    for name in only or " ".join(APPLICATIONS).split():
        keras.utils.clear_session(free_memory=True)
        least = 96 if name == "NASNetMobile" else SMALLEST.get(name, size)
        model = network(name, max(size, least))
        result = nl.fold(model)
        off, ulps = difference(result.model, model, batch=2)
        kept = ", ".join(sorted(set(result.kept)))
        counts = str(len(result.folded)), str(len(result.kept))
        table.add_row(name, *counts, f"{off:.1e}", f"{ulps:.1f}")
        Console().print(f"{name}: {off:.1e}, kept: {kept or 'none'}")
    Console().print(table)


def recalibration(seeds: int) -> None:
    """I3."""
    for averaged in (False, True):
        when = "after weight averaging" if averaged else "after 50 steps"
        table = Table(title=f"I3: test accuracy on digits {when}, mean of {seeds} seeds")
        rows = {batch: accuracies(batch, seeds, averaged) for batch in (2, 4, 8)}
        table.add_column("batch")
        for column in rows[2]:
            table.add_column(column)
        for batch, row in rows.items():
            table.add_row(str(batch), *(f"{value:.2%}" for value in row.values()))
        Console().print(table)


def main(options: Namespace) -> None:
    if options.applications is not None:
        applications(options.size, options.applications)
        return
    names, runtimes = options.networks, options.runtimes
    keep("inference", latencies(names, runtimes, options.batches, options.size, options.rounds))
    if options.seeds:
        recalibration(options.seeds)


if __name__ == "__main__":
    main(OPTIONS)
