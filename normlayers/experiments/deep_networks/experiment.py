"""What batch normalization does to shallow and deep networks (articles A1 and A3).

Classifiers of scikit-learn's digits: 1,408 images to train on, 389 for validation, one split for
all; 2, 8 or 20 hidden layers of ``width`` neurons. Weights start as Keras's, the optimizer has
Keras's defaults. The arms are ``<activation>-<normalization>-<inputs>-depth-<layers>``:

- activation relu, sigmoid, tanh;
- normalization none, bn-pre, bn-post: batch normalization before or after each activation;
- inputs raw (0 to 16) or standardized;
- with ``-fixed`` at the end gamma stays 1 and beta 0: bn-pre, sigmoid of all depths, relu and tanh
  of 2 layers.

``measures`` in results.json:

- ``target_loss``: half of the loss of guessing, in nats; ``quantile_levels``: of what is given as
  quantiles, each a value that occurs (see ``claims.summaries``), ``null`` where it is infinite;
- ``arms``: for each arm

  - ``networks``, how many; ``diverged``, the share whose loss is NaN or infinite at the end;
    ``reached``, the share that reaches the target loss;
  - ``epochs``: quantiles of the epochs to the target loss, ``null`` where it is not reached;
  - ``loss``: quantiles of the training loss at the end, as ``fit`` shows it; ``losses``: its
    medians over the epochs;
  - ``accuracy``: ``mean`` and ``quantiles`` of the validation accuracy at the end;
  - ``first_gradient_norms``: median norm of the gradient by each layer's weights at the first step;
    ``gradient_norms``: medians of the first and of the last hidden layer's over the epochs, each
    a mean of an epoch's steps;
  - ``first_to_last``: quantiles of the first over the last hidden layer's gradient norm at the
    first step;
  - ``drift``: medians over the epochs of how far the distribution of layers' inputs moves, mean
    over the layers, on 400 of the training points, see ``layer_drift``; ``null`` for fixed arms.
    Santurkar et al. (2018) measure the shift by the change of gradients instead, and find no less
    of it with batch normalization;

- ``comparisons``: by normalization, shares of networks over all activations and inputs, ``null``
  where arms are missing: ``even_gradients``, the first hidden layer's gradient norm within 100
  times the last's, 20 layers; ``gradients_kept``, within 100 times that of a network of 2 layers;
  ``deep_in_time``, 20 layers reach the target loss in 10 times the epochs of 2;
  ``deep_untold``, they do not reach it, but were trained for less than that;
  ``sooner_than_the_other``, of pairs of batch normalization before and after, the share that
  reaches it first;
- ``idle_bias``: by placement, by activation, the share of networks whose logits random biases move
  by less than 1e-4; ``undone_largest``: how far a batch normalization is at most from its input
  where gamma and beta undo it, in the input's standard deviations.

Each arm's folder has ``networks.npz``: every network's losses, accuracies, gradient norms, drift.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.deep_networks.arguments import NAME, checked
from normlayers.experiments.deep_networks.arms import ARMS
from normlayers.experiments.deep_networks.claims import CLAIMS
from normlayers.experiments.deep_networks.figures import PICTURES, captions, pictures
from normlayers.experiments.deep_networks.identities import PLACEMENTS, moved_by_biases, undone
from normlayers.experiments.deep_networks.measures import Findings
from normlayers.experiments.deep_networks.summary import measures_of
from normlayers.experiments.deep_networks.table import deep_table
from normlayers.experiments.deep_networks.training import (
    Recipe,
    by_program,
    train_arm,
    train_arms,
)
from normlayers.experiments.running.arms import Kept, here_or_on_workers, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions
from normlayers.pictures.png import to_png

NETWORKS = "networks.npz"
# What makes the arms: they are made again when its code has changed.
MAKERS = (train_arms.__module__,)


def run(
    log_dir: Path,
    seed: int = 0,
    networks: int = 34,
    epochs: int = 12,
    width: int = 16,
    batch_size: int = 32,
    optimizer: str = "adam",
    arms: Sequence[str] = tuple(ARMS),
    start_over: bool = False,
    scheduler: str | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Train the arms that ``log_dir`` does not hold yet, write results.json, pictures and tables.

    Args:
        log_dir: where everything goes; each arm to a folder of its name.
        seed: of the weights and of the shuffling; all arms have the same.
        networks: how many an arm.
        epochs: passes over the data.
        width: neurons of a hidden layer.
        batch_size: points in a step.
        optimizer: one of ``OPTIMIZERS``, at Keras's defaults.
        arms: some of ``ARMS``.
        start_over: remove an earlier run, whatever its arguments, first.
        scheduler: address of a Dask scheduler, whose workers then make the arms.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range, ``log_dir`` cannot be used or ``scheduler`` not
            reached. Nothing was written.
    """
    console = console or Console()
    arguments = checked(seed, networks, epochs, width, batch_size, optimizer, arms)
    recipe = Recipe(seed, networks, epochs, width, batch_size, optimizer)
    directory = LogDirectory(
        log_dir, NAME, arguments["arms"], arguments, versions(*MAKERS), arm_files=(NETWORKS,),
        files=PICTURES, known_arms=list(ARMS),
    )  # fmt: skip
    making = here_or_on_workers(
        scheduler, directory, partial(_make_arm, recipe, arguments["arms"]), MAKERS,
        groups=_of_one_program, here=partial(_made, directory, recipe),
    )  # fmt: skip
    with closing(directory), making as make:
        directory.open(start_over)
        take_up_or_make(directory, arguments["arms"], make, console, each=networks * epochs)
        trained = {arm: directory.kept_arrays(arm, NETWORKS) for arm in arguments["arms"]}
        findings = Findings(
            ByArm(trained, ARMS),
            undone(seed),
            {p: moved_by_biases(p, seed, width) for p in PLACEMENTS},
        )
        drawn = pictures(findings)
        for name, figure in drawn.items():
            directory.write(name, to_png(figure))
        measures = measures_of(findings)
        results = directory.write_results(
            {
                "runtime_seconds": directory.runtime_seconds(),
                "measures": measures,
                "claims": check(CLAIMS, findings),
                "figures": captions(drawn, networks, measures["comparisons"]),
            }
        )
    console.print(deep_table(results), claims_table(results["claims"]))
    console.print(f"Pictures and every network's measures: {log_dir}", highlight=False)
    return results


def _made(
    directory: LogDirectory, recipe: Recipe, arms: Sequence[str], counter: Callable[[str], Advance]
) -> Generator[tuple[str, float, Kept], None, None]:
    with closing(train_arms([ARMS[arm] for arm in arms], recipe, counter)) as training:
        for one in training:
            directory.begin(one.arm.name)
            yield one.arm.name, one.seconds, Kept(arrays={NETWORKS: one.networks})


def _of_one_program(arms: Sequence[str]) -> list[list[str]]:
    programs = by_program([ARMS[arm] for arm in arms])
    return [[arm.name for stack in stacks for arm in stack] for stacks in programs]


def _make_arm(
    recipe: Recipe, arms: Sequence[str], arm: str, folder: Path, advance: Advance
) -> Kept:
    networks = train_arm(ARMS[arm], [ARMS[name] for name in arms], recipe, advance)
    return Kept(arrays={NETWORKS: networks})
