"""The view of a tracker's run, as a page and in a notebook."""

from __future__ import annotations

import html
import os
from abc import abstractmethod
from pathlib import Path

from normlayers.explorer.page import Run, frame_of, page_of, write_page
from normlayers.explorer.runs import FolderRuns


class RunView:
    """What shows the run that is in ``log_dir``, as far as it is written."""

    @property
    @abstractmethod
    def log_dir(self) -> Path:
        """Where the run is written to."""

    def write_page(self, path: str | os.PathLike[str]) -> None:
        """Write the view of this run, up to its last observation, as one self-contained HTML file.

        Args:
            path: of the file; one that is there is replaced.

        Raises:
            ValueError: nothing has been observed yet, or no snapshots are recorded.
            OSError: the file cannot be written.

        Example:
            >>> import tempfile, keras, numpy as np, normlayers as nl
            >>> model = keras.Sequential([keras.layers.Dense(2, "relu")])
            >>> folder = Path(tempfile.mkdtemp())
            >>> tracker = nl.ActivationTracker(folder / "run", np.zeros((5, 2), "float32"))
            >>> tracker.observe(model, step=0)
            >>> tracker.write_page(folder / "run.html")
        """
        write_page(path, [self._run()])

    def _repr_html_(self) -> str:
        try:
            return frame_of(page_of([self._run()]))
        except ValueError as error:
            return f"<p>{html.escape(str(error))}</p>"

    def _run(self) -> Run:
        name = self.log_dir.name
        runs = FolderRuns(self.log_dir)
        run = runs.read(".") if "." in runs.names() else None
        if run is None:
            raise ValueError(
                f"the run {self.log_dir} has no snapshots yet. They come with the first "
                "observation, unless the tracker is given snapshots=False."
            )
        return {**run[0], "run": name}, run[1]
