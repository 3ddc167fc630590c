"""Runs with snapshots, read back: from TensorBoard, or from a folder."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from normlayers.explorer.read_ahead import ReadAhead
from normlayers.explorer.records import (
    EVENT_FILES,
    PLUGIN,
    TAG,
    events,
    inflate,
    inflate_meta,
)
from normlayers.explorer.snapshot import CorruptSnapshotError, check

# Of a run's scalars, those that its view draws.
SHOWN_SCALARS = re.compile(
    r"epoch_.*|linearity|overview/.*"
    r"|activity/.*/(dead|always_on|selective|saturation|zero_gradient|overlap|duplicates)"
)
# More than there are: TensorBoard thins out what is longer.
ALL = 10**7
DIGITS = 6

# A blob's key with TensorBoard, and when it was written: keys repeat when a run is deleted and
# another one takes its name.
Blob = tuple[str, float]


class UnknownRunError(LookupError):
    """There is no such run, or observation of it."""


def run_meta(
    run: str, meta: Mapping[str, Any], steps: Iterable[int], scalars: Mapping[str, Any]
) -> dict[str, Any]:
    """What describes a run, with what grows while it trains.

    Args:
        run: its name.
        meta: as it was recorded.
        steps: of its snapshots.
        scalars: ``(step, value)`` pairs by tag; of those, ``SHOWN_SCALARS`` are kept.
    """
    kept = {
        tag: [[step, _short(value)] for step, value in scalars[tag]]
        for tag in sorted(scalars)
        if SHOWN_SCALARS.fullmatch(tag)
    }
    return {**meta, "run": run, "steps": list(steps), "scalars": kept}


def _short(value: float) -> float | None:
    """A number as JSON has them, which has no NaN."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


class ProviderRuns:
    """Runs that TensorBoard has loaded, in whichever way.

    Args:
        provider: TensorBoard's data provider.
        folder: what TensorBoard was opened on, where that is one folder. Its fast loader hands out
            no blob of a run with a quote or a backslash in its name (its keys are JSON that it
            cannot read back); those are read from the run's own files there.
    """

    def __init__(self, provider: Any, folder: str | None = None) -> None:
        self._provider = provider
        self._folder = Path(folder).expanduser() if folder else None
        # By experiment and run, the blobs by step, as of the last look.
        self._keys: dict[tuple[str, str], list[tuple[int, list[Blob]]]] = {}
        self._metas: dict[Blob, dict[str, Any]] = {}
        self._blobs: ReadAhead[Blob] = ReadAhead()

    def names(self, context: Any, experiment: str) -> tuple[list[str], list[str]]:
        """The runs with snapshots, and those without."""
        provider = self._provider
        runs = provider.list_runs(context, experiment_id=experiment)
        found = provider.list_blob_sequences(context, experiment_id=experiment, plugin_name=PLUGIN)
        ours = {run for run, tags in found.items() if TAG in tags}
        names = sorted({run.run_name for run in runs} | ours)
        return [name for name in names if name in ours], [n for n in names if n not in ours]

    def meta(self, context: Any, experiment: str, run: str) -> dict[str, Any]:
        """What describes a run, as it is now; ``times``: when each of its snapshots was written.

        Raises:
            UnknownRunError: there is no such run with snapshots.
            CorruptSnapshotError: its description cannot be read.
        """
        from tensorboard.data.provider import RunTagFilter

        keys = self._look(context, experiment, run)
        self._blobs.begin((blobs[0] for _, blobs in keys), self._reader(context))
        described = next((blobs[1] for _, blobs in reversed(keys) if len(blobs) > 1), None)
        if described is None:
            raise CorruptSnapshotError(f"run {run!r} has lost the record that describes it")
        if described not in self._metas:
            step = next(step for step, blobs in reversed(keys) if described in blobs)
            self._metas[described] = inflate_meta(self._blob(context, run, step, described, 1))
        scalars = self._provider.read_scalars(
            context,
            experiment_id=experiment,
            plugin_name="scalars",
            downsample=ALL,
            run_tag_filter=RunTagFilter(runs=[run]),
        ).get(run, {})
        pairs = {
            tag: [(datum.step, datum.value) for datum in data] for tag, data in scalars.items()
        }
        meta = run_meta(run, self._metas[described], [step for step, _ in keys], pairs)
        return {**meta, "times": [blobs[0][1] for _, blobs in keys]}

    def snapshot(self, context: Any, experiment: str, run: str, index: int) -> bytes:
        """A run's snapshot, by its place among the steps of ``meta``.

        Raises:
            UnknownRunError: there is no such run or place.
            CorruptSnapshotError: the record is damaged.
        """
        step, record = self._record(context, experiment, run, index)
        try:
            snapshot = inflate(record)
            check(snapshot)
        except CorruptSnapshotError as error:
            raise CorruptSnapshotError(
                f"step {step} of run {run!r} cannot be read: {error}"
            ) from None
        return snapshot

    def records(
        self, context: Any, experiment: str, run: str, indices: Iterable[int]
    ) -> dict[int, bytes | str]:
        """Several snapshots by their places, deflated as they are stored and not checked.

        Who asks for many inflates them: here that would hold up other answers. In the place of one
        that is not there is the reason.

        Raises:
            UnknownRunError: there is no such run.
        """
        if (experiment, run) not in self._keys:
            self._look(context, experiment, run)
        found: dict[int, bytes | str] = {}
        for index in indices:
            try:
                found[index] = self._record(context, experiment, run, index)[1]
            except UnknownRunError as error:
                found[index] = str(error)
        return found

    def _record(self, context: Any, experiment: str, run: str, index: int) -> tuple[int, bytes]:
        keys = self._keys.get((experiment, run), [])
        if index >= len(keys):
            keys = self._look(context, experiment, run)
        if not 0 <= index < len(keys):
            raise UnknownRunError(f"run {run!r} has {len(keys)} observations, and none at {index}")
        step, blobs = keys[index]
        return step, self._blob(context, run, step, blobs[0], 0)

    def _blob(self, context: Any, run: str, step: int, blob: Blob, number: int) -> bytes:
        from tensorboard.errors import InvalidArgumentError, NotFoundError

        try:
            return self._blobs.get(blob, self._reader(context))
        except InvalidArgumentError:
            files = sorted((self._folder / run).glob(EVENT_FILES)) if self._folder else []
            at_step = (e for path in files for e in events(path) if e.step == step)
            found = [list(v.tensor.string_val) for e in at_step for v in _snapshots_of(e)]
            if not found:
                raise
            return bytes(found[-1][number])
        except (KeyError, NotFoundError):
            raise UnknownRunError(f"run {run!r} has been deleted") from None

    def _reader(self, context: Any) -> Callable[[Blob], bytes]:
        return lambda blob: bytes(self._provider.read_blob(context, blob_key=blob[0]))

    def _look(self, context: Any, experiment: str, run: str) -> list[tuple[int, list[Blob]]]:
        from tensorboard.data.provider import RunTagFilter

        found = self._provider.read_blob_sequences(
            context,
            experiment_id=experiment,
            plugin_name=PLUGIN,
            downsample=ALL,
            run_tag_filter=RunTagFilter(runs=[run], tags=[TAG]),
        )
        data = found.get(run, {}).get(TAG, [])
        if not data:
            self._keys.pop((experiment, run), None)
            raise UnknownRunError(f"there is no run {run!r} with snapshots")
        by_step = {d.step: [(ref.blob_key, d.wall_time) for ref in d.values] for d in data}
        keys = [(step, blobs) for step, blobs in sorted(by_step.items()) if blobs]
        self._keys[experiment, run] = keys
        return keys


class FolderRuns:
    """Runs in a folder and those under it, named as TensorBoard names them.

    Args:
        folder: what TensorBoard would be opened on.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self._files: dict[str, list[Path]] = {}
        for path in sorted(self._folder.rglob(EVENT_FILES)):
            if path.is_file():
                run = path.parent.relative_to(self._folder).as_posix()
                self._files.setdefault(run, []).append(path)

    def names(self) -> list[str]:
        """All runs, with snapshots or not."""
        return sorted(self._files)

    def read(self, run: str) -> tuple[dict[str, Any], list[bytes]] | None:
        """What describes a run, and its snapshots in the order of its steps.

        What cannot be read is left out; ``skipped`` of the description says which, and why.
        ``None`` of a run without snapshots.

        Raises:
            CorruptSnapshotError: there are snapshots, but nothing that describes them.
        """
        snapshots: dict[int, bytes] = {}
        skipped: dict[int, str] = {}
        metas: dict[int, dict[str, Any]] = {}
        scalars: dict[str, dict[int, float]] = {}
        for event in (e for path in self._files[run] for e in events(path)):
            for value in event.summary.value:
                if _is_snapshot(value):
                    blobs = list(value.tensor.string_val)
                    try:
                        snapshot = inflate(blobs[0])
                        check(snapshot)
                        snapshots[event.step] = snapshot
                        if len(blobs) > 1:
                            metas[event.step] = inflate_meta(blobs[1])
                    except (CorruptSnapshotError, IndexError) as error:
                        skipped[event.step] = str(error)
                elif value.metadata.plugin_data.plugin_name == "scalars":
                    of_tag = scalars.setdefault(value.tag, {})
                    of_tag[event.step] = next(iter(value.tensor.float_val), math.nan)
        if not snapshots and not skipped:
            return None
        if not metas:
            why = "; ".join(sorted(set(skipped.values()))) or "the record is lost"
            raise CorruptSnapshotError(f"run {run!r} has no description of its snapshots: {why}")
        steps = sorted(snapshots)
        pairs = {tag: sorted(of_tag.items()) for tag, of_tag in scalars.items()}
        meta = run_meta(run, metas[max(metas)], steps, pairs)
        # One that is shown may have had a record, or a description, that cannot be read.
        lost = sorted(skipped.keys() - snapshots.keys())
        told = [{"step": step, "why": skipped[step]} for step in lost]
        return {**meta, "skipped": told}, [snapshots[step] for step in steps]


def _is_snapshot(value: Any) -> bool:
    return bool(value.tag == TAG and value.metadata.plugin_data.plugin_name == PLUGIN)


def _snapshots_of(event: Any) -> list[Any]:
    return [value for value in event.summary.value if _is_snapshot(value)]
