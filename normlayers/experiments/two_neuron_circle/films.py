"""Films of a run's pictures, made from its event files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from normlayers.experiments.running.arm_folder import EVENT_FILES
from normlayers.pictures.film import write_gif, write_mp4


def pictures_of(folder: Path) -> dict[str, list[bytes]]:
    """A run's pictures as PNG files: by tag, in the order they were written in.

    Args:
        folder: of the run's event files.

    Example:
        >>> import tempfile
        >>> from normlayers.tracking.event_log import EventLog
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
