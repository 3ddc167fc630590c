"""A training step, and inference, through BatchNormalization against Keras's layer.

A training step is forward, backward and the moving statistics, as the backend compiles it:
TensorFlow's graph, XLA, JAX's jit; torch runs as it is. The fused kernel alone is TensorFlow's
FusedBatchNormV3 with its gradient, or torch.nn.BatchNorm. Every backend that is installed runs in
a process of its own. Peak memory is that of a training step through 20 layers, each measured in a
process of its own (Linux only).
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from measured import Measured, keep

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

SHAPES = ((4096, 512), (32, 56, 56, 64), (256, 4096), (128, 256))
BACKENDS = ("tensorflow", "jax", "torch")
MODES = {"tensorflow": ("graph", "XLA"), "jax": ("jit",), "torch": ("eager",)}
MEMORY_SHAPE = (16384, 512)
MEMORY_LAYERS = 20

Step = Callable[..., Any]


def training_step(backend: str, mode: str, model: Any) -> Step:
    """A compiled function from inputs and output gradients to the gradients of everything."""
    if backend == "tensorflow":
        return _tensorflow_step(model, mode == "XLA")
    if backend == "jax":
        return _jax_step(model)
    return _torch_step(model)


def _tensorflow_step(model: Any, xla: bool) -> Step:
    import tensorflow as tf

    @tf.function(jit_compile=xla)
    def step(x: Any, g: Any) -> Any:
        variables = [weight.value for weight in model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=True)
        return tape.gradient(y, [x, *variables], output_gradients=g)

    return step


def _jax_step(model: Any) -> Step:
    import jax

    state = [weight.value for weight in model.non_trainable_variables]
    learned = [weight.value for weight in model.trainable_variables]

    @jax.jit
    def gradients(learned: Any, state: Any, x: Any, g: Any) -> Any:
        def forward(learned: Any, x: Any) -> Any:
            return model.stateless_call(learned, state, x, training=True)

        _, pull, moved = jax.vjp(forward, learned, x, has_aux=True)
        return pull(g), moved

    return lambda x, g: jax.block_until_ready(gradients(learned, state, x, g))


def _torch_step(model: Any) -> Step:
    import torch

    def step(x: Any, g: Any) -> Any:
        variables = [weight.value for weight in model.trainable_variables]
        x = x.detach().requires_grad_()
        y = model(x, training=True)
        return torch.autograd.grad(y, [x, *variables], g)

    return step


def bare_step(backend: str, shape: tuple[int, ...]) -> Step | None:
    """The fused kernel and its gradient, without a layer around them."""
    if backend == "tensorflow":
        import tensorflow as tf

        images = shape if len(shape) == 4 else (-1, 1, 1, shape[-1])

        @tf.function
        def step(x: Any, g: Any) -> Any:
            x, g = tf.reshape(x, images), tf.reshape(g, images)
            gamma, beta = tf.ones(shape[-1]), tf.zeros(shape[-1])
            out = tf.raw_ops.FusedBatchNormV3(
                x=x, scale=gamma, offset=beta, mean=[], variance=[], epsilon=1e-3
            )
            back = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=g,
                x=x,
                scale=gamma,
                reserve_space_1=out.reserve_space_1,
                reserve_space_2=out.reserve_space_2,
                reserve_space_3=out.reserve_space_3,
                epsilon=1e-3,
            )
            return out.y, back.x_backprop, back.scale_backprop, back.offset_backprop

        return step
    if backend == "torch":
        import torch

        kind = torch.nn.BatchNorm2d if len(shape) == 4 else torch.nn.BatchNorm1d
        layer = kind(shape[-1], eps=1e-3, momentum=0.01)

        def torch_step(x: Any, g: Any) -> Any:
            x = x.detach().requires_grad_()
            y = layer(x.movedim(-1, 1)).movedim(1, -1)
            return torch.autograd.grad(y, [x, *layer.parameters()], g)

        return torch_step
    return None


def inference(backend: str, mode: str, layer: Any) -> Step:
    """The compiled layer in inference."""
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(lambda x, _: layer(x), jit_compile=mode == "XLA")
    if backend == "jax":
        import jax

        learned = [weight.value for weight in layer.trainable_variables]
        state = [weight.value for weight in layer.non_trainable_variables]
        compiled = jax.jit(lambda x: layer.stateless_call(learned, state, x)[0])
        return lambda x, _: jax.block_until_ready(compiled(x))
    import torch

    def step(x: Any, _: Any) -> Any:
        with torch.no_grad():
            return layer(x)

    return step


def speed(backend: str, rounds: int) -> list[Measured]:
    """Every shape and mode of one backend; call it in a process with that backend."""
    import keras
    import numpy as np
    from side_by_side import Contestants, medians, show

    import normlayers as nl

    measured = []
    generator = np.random.default_rng(0)
    for shape in SHAPES:
        x, g = (
            keras.ops.convert_to_tensor(generator.standard_normal(shape, dtype=np.float32) * 2 + 1)
            for _ in "xg"
        )
        repeats = max(5, 2**23 // int(np.prod(shape)))
        for mode in MODES[backend]:
            layers = {
                "keras": keras.layers.BatchNormalization(),
                "normlayers": nl.BatchNormalization(),
                "normlayers, reference": nl.BatchNormalization(implementation="reference"),
            }
            for layer in layers.values():
                layer.build(shape)
            steps = {name: training_step(backend, mode, layer) for name, layer in layers.items()}
            bare = bare_step(backend, shape)
            if bare is not None and mode != "XLA":
                steps["the fused kernel alone"] = bare
            for work, functions in (
                ("training step", steps),
                ("inference", {name: inference(backend, mode, layers[name]) for name in layers}),
            ):
                contestants: Contestants = {
                    name: partial(function, x, g) for name, function in functions.items()
                }
                title = f"{work}, {' x '.join(map(str, shape))}, {backend} {mode}"
                seconds = medians(contestants, rounds, repeats)
                show(title, seconds)
                if work == "training step":
                    measured += against_goals(title, backend, mode, shape, seconds)
    return measured


def against_goals(
    title: str, backend: str, mode: str, shape: tuple[int, ...], seconds: dict[str, float]
) -> list[Measured]:
    """A training step against Keras's, and where it has a goal, the bare kernel's."""
    wide = shape == (256, 4096)
    goals = {"graph": 0.4 if wide else None, "eager": None}
    goal = goals.get(mode, 0.9 if shape != (128, 256) else None)
    ours = seconds["normlayers"]
    found = [Measured(f"{title} / Keras", ours / seconds["keras"], goal)]
    if backend == "tensorflow" and wide and "the fused kernel alone" in seconds:
        bare = seconds["the fused kernel alone"]
        found.append(Measured(f"{title} / the fused kernel alone", ours / bare, 1.05))
    return found


def peak_memory(backend: str, mode: str, kind: str) -> float:
    """Peak memory of a step through the layers, in tensors; call it in a process of its own."""
    import keras
    import numpy as np

    import normlayers as nl

    def status(field: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith(field))

    layer = {"keras": keras.layers.BatchNormalization, "normlayers": nl.BatchNormalization}[kind]
    model = keras.Sequential(
        [keras.Input(MEMORY_SHAPE[1:]), *(layer() for _ in range(MEMORY_LAYERS))]
    )
    step = training_step(backend, mode, model)

    def data(rows: int) -> Any:
        x = np.random.default_rng(0).standard_normal((rows, *MEMORY_SHAPE[1:]), dtype=np.float32)
        return keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(x[::-1].copy())

    step(*data(64))  # everything is loaded
    x, g = data(MEMORY_SHAPE[0])
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts again
    for _ in range(3):
        step(x, g)
    return (status("VmHWM") - before) / (4 * MEMORY_SHAPE[0] * MEMORY_SHAPE[1])


def in_process(backend: str, *arguments: str) -> str:
    """This script in a process of its own; what it printed."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, *arguments, "--backend", backend]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        text=True,
    ).stdout  # fmt: skip


def memory(backend: str) -> list[Measured]:
    """A table of every mode of one backend."""
    measured = []
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"peak memory, {MEMORY_LAYERS} layers, {backend}")
    for column in ("what", "tensors", "ratio"):
        table.add_column(column)
    for mode in MODES[backend]:
        tensors = {
            kind: float(in_process(backend, "--peak", kind, "--mode", mode).split()[-1])
            for kind in ("keras", "normlayers")
        }
        for kind, value in tensors.items():
            table.add_row(f"{kind}, {mode}", f"{value:.1f}", f"{value / tensors['keras']:.2f}")
        what = f"peak memory of {MEMORY_LAYERS} layers, {backend} {mode} / Keras"
        goal = 0.7 if mode == "graph" else None
        measured.append(Measured(what, tensors["normlayers"] / tensors["keras"], goal))
    Console().print(table)
    return measured


def main() -> None:
    from normlayers.experiments.running.command_line import ArgumentParser

    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds that are counted")
    parser.add_argument("--backend", choices=BACKENDS, help="that backend only, in this process")
    parser.add_argument("--peak", choices=("keras", "normlayers"), help="its peak memory only")
    parser.add_argument("--mode", default="graph", help="how the backend compiles, for --peak")
    options = parser.parse_args()
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    if options.peak:
        print(peak_memory(options.backend, options.mode, options.peak))
    elif options.backend:
        keep(f"batch_normalization {options.backend}", speed(options.backend, options.rounds))
    else:
        for backend in BACKENDS:
            if importlib.util.find_spec(backend):
                print(in_process(backend, "--rounds", str(options.rounds)))
                keep(f"batch_normalization {backend} memory", memory(backend))


if __name__ == "__main__":
    main()
