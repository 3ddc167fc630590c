"""Pictures of a small network's neurons, lit by the data's points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.experiments.two_neuron_circle.plots.lit_point import LitPointPicture
from normlayers.pictures.network import NetworkPicture
from normlayers.tracking.activation_tracker import ActivationTracker
from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.writing.event_log import EventLog

Array = npt.NDArray[Any]

# Point after point: before training, at the first observation after that, through all of them
# with a point each, at the last.
LIT_FILMS = ("start", "early", "training", "end")
# Points that a film shows, evenly spread over the data.
POINTS = 40


@dataclass(frozen=True)
class Activity:
    """Who is active at an epoch.

    Attributes:
        epoch: the epoch.
        active: booleans of each layer, shape ``(points, neurons)``.
    """

    epoch: int
    active: list[Array]


class ActivityRecorder(keras.callbacks.Callback):
    """Keeps who is active on a tracker's points, at each of its observations.

    Args:
        tracker: stands before this in ``fit``'s callbacks; keeps its history.
        layers: names of the layers to read, in their order.

    Attributes:
        observed: what was kept.
    """

    def __init__(self, tracker: ActivationTracker, layers: Sequence[str]) -> None:
        super().__init__()
        self.observed: list[Activity] = []
        self._tracker = tracker
        self._layers = list(layers)
        self._probe: Probe | None = None

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Keep what the tracker observes before training."""
        self._follow()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Keep what the tracker has observed, if it has."""
        self._follow()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Keep what the tracker observes at the end."""
        self._follow()

    def _follow(self) -> None:
        epoch = int(self._tracker.history["step"][-1])
        if self.observed and self.observed[-1].epoch == epoch:
            return
        if self._probe is None:
            self._probe = Probe(self.model, self._layers)
        active = self._probe.read(self._tracker.points.x).active
        self.observed.append(Activity(epoch, [active[name] for name in self._layers]))


def log_lit_points(
    log: EventLog,
    name: str,
    films: Sequence[str],
    points: TrackedPoints,
    neurons: Sequence[Sequence[str]],
    observed: Sequence[Activity],
) -> None:
    """Write pictures each of which shows a point and the neurons it lights, as ``lit/<film>``.

    A picture's step is its epoch. Those of one epoch are numbered as samples, a point each, and
    say in themselves which point they show.

    Args:
        log: the run's event file.
        name: what the pictures are titled with.
        films: some of ``LIT_FILMS``.
        points: pairs, of the classes 0 and 1.
        neurons: the neurons' names, layer by layer, the inputs first.
        observed: who was active when, at least at one epoch.
    """
    shown = np.linspace(0, len(points.x) - 1, min(POINTS, len(points.x))).astype(int)
    note = f"{len(shown)} of the {len(points.x)} points, in the data's order"
    picture = LitPointPicture(points.x, np.asarray(points.labels) == 1, neurons, note)
    for film in films:
        pictures: dict[int, list[bytes]] = {}  # by epoch
        for observation, number in _course(film, len(observed), len(shown)):
            epoch, point = observed[observation].epoch, shown[number]
            lit = [layer[point] for layer in observed[observation].active]
            # What changes with every picture is not in the title, which takes long to draw.
            title, caption = f"epoch {epoch}", f"point {number + 1} of {len(shown)}"
            if film == "training":
                title, caption = "while training", f"{title} · {caption}"
            picture.draw(point, lit, f"{name} · {title}", caption)
            pictures.setdefault(epoch, []).append(picture.png())
        for epoch, of_epoch in pictures.items():
            log.write(epoch, images={f"lit/{film}": of_epoch})


def log_network(
    log: EventLog, name: str, points: TrackedPoints, observed: Sequence[Activity]
) -> None:
    """Write the picture ``network`` as the tracker does.

    For networks that it does not draw, as they have layers that it was not to watch.

    Args:
        log: the run's event file.
        name: what the pictures are titled with.
        points: what lights the neurons.
        observed: who was active when, at least at one epoch.
    """
    sizes = [points.features, *(layer.shape[1] for layer in observed[0].active)]
    picture = NetworkPicture(sizes, points.captions)
    for now in observed:
        lit = [layer[points.lit] for layer in now.active]
        picture.draw(lit, f"{name} · epoch {now.epoch}")
        log.write(now.epoch, images={"network": picture.png()})


def _course(film: str, observations: int, points: int) -> list[tuple[int, int]]:
    """A film's frames: which observation, and which of the points shown."""
    if film == "training":
        return [(observation, observation % points) for observation in range(observations)]
    last = observations - 1
    at = {"start": 0, "early": min(1, last), "end": last}[film]
    return [(at, number) for number in range(points)]
