"""An arm's pictures, and films of them, made from its event files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy.typing as npt

from normlayers.experiments.two_neuron_circle.lit_points import (
    Activity,
    log_lit_points,
    log_network,
)
from normlayers.experiments.two_neuron_circle.plots.class_points import class_points
from normlayers.experiments.two_neuron_circle.plots.named_network import network_drawing
from normlayers.pictures.film import write_gif, write_mp4
from normlayers.pictures.png import to_png
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.writing.event_log import EVENT_FILES, EventLog

Array = npt.NDArray[Any]

# Pictures without a film.
DATA, ARCHITECTURE = "data", "architecture"
# Pictures of which every arm has a film.
FILMED = ("boundary/input", "boundary/hidden", "network")
# A frame's time; a lit point takes longer to see than a boundary that moves.
MILLISECONDS, MILLISECONDS_OF_A_POINT = 150, 175
NEURONS = (("x0", "x1"), ("h0", "h1"), ("y",))


def draw_arm(
    folder: Path,
    x: Array,
    y: Array,
    observed: Sequence[Activity],
    films: Sequence[str],
    describe: Callable[[str], str],
) -> None:
    """Write the pictures of an arm that the tracker does not to TensorBoard, and all films.

    The pictures are ``data``, ``architecture`` (the network, nothing lit), ``lit/<film>``, and
    ``network`` where the tracker has not drawn it.

    Args:
        folder: the arm's.
        x: its points, shape ``(points, 2)``.
        y: their labels, 0 or 1, shape ``(points, 1)``.
        observed: which neurons were active at each observation.
        films: some of ``LIT_FILMS``.
        describe: what TensorBoard says of a picture, by its tag.
    """
    name, points = folder.name, TrackedPoints(x, y)
    is_drawn = "network" in pictures_of(folder)
    with EventLog(folder, describe) as log:
        drawn = {DATA: data_picture(x, y, name), ARCHITECTURE: network_picture()}
        log.write(0, images=drawn)
        if not is_drawn:
            log_network(log, name, points, observed)
        log_lit_points(log, name, films, points, NEURONS, observed)
    lit = {f"lit/{film}": MILLISECONDS_OF_A_POINT for film in films}
    write_films(folder, dict.fromkeys(FILMED, MILLISECONDS) | lit, mp4=FILMED)


def data_picture(x: Array, y: Array, title: str) -> bytes:
    """The points by class, as a PNG; the arguments as ``draw_arm``'s."""
    return to_png(class_points(x, y.ravel() > 0.5, title, (NEURONS[0][0], NEURONS[0][1])))


@cache
def network_picture() -> bytes:
    """The network and its neurons' names, as a PNG."""
    return to_png(network_drawing(NEURONS, ("inputs", "hidden", "output")))


def pictures_of(folder: Path) -> dict[str, list[bytes]]:
    """A run's pictures as PNG files: by tag, in the order they were written in.

    Args:
        folder: of the run's event files.

    Example:
        >>> import tempfile
        >>> from normlayers.tracking.writing.event_log import EventLog
        >>> folder = Path(tempfile.mkdtemp())
        >>> with EventLog(folder) as log:
        ...     log.write(0, images={"blank": b"PNG with width and height at 16 and 20"})
        >>> list(pictures_of(folder))
        ['blank']
    """
    # Loaded late: TensorBoard's modules cost a second.
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    found: dict[str, list[bytes]] = {}
    for path in sorted(folder.glob(EVENT_FILES)):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "images":
                    # After width and height.
                    found.setdefault(value.tag, []).extend(value.tensor.string_val[2:])
    return found


def write_films(folder: Path, milliseconds: Mapping[str, int], mp4: Sequence[str] = ()) -> None:
    """Write the course of a run's pictures as films.

    Args:
        folder: of the run's event files, and of the films.
        milliseconds: time of a frame, by the pictures' tags.
        mp4: those of the tags that are to be MP4 files too, where ffmpeg is installed.

    Raises:
        KeyError: the run has no picture of a tag.
    """
    found = pictures_of(folder)
    with ThreadPoolExecutor() as pool:  # ffmpeg is a process of its own
        writing = [
            pool.submit(write_mp4, found[tag], folder / film_file(tag, "mp4"), milliseconds[tag])
            for tag in mp4
        ]
        for tag, time in milliseconds.items():
            write_gif(found[tag], folder / film_file(tag), time)
    for film in writing:
        film.result()


def film_file(tag: str, kind: str = "gif") -> str:
    """The name of a picture's film.

    Example:
        >>> film_file("boundary/input")
        'boundary_input.gif'
    """
    return f"{tag.replace('/', '_')}.{kind}"
