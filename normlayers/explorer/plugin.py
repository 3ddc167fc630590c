"""The tab "Neurons" of TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorboard import plugin_util
from tensorboard.backend.http_util import Respond
from tensorboard.errors import PublicError
from tensorboard.plugins.base_plugin import FrontendMetadata, TBLoader, TBPlugin
from werkzeug import wrappers

from normlayers.explorer.batch import encode_batch, indices_of
from normlayers.explorer.records import PLUGIN
from normlayers.explorer.runs import ProviderRuns, UnknownRunError
from normlayers.explorer.snapshot import CorruptSnapshotError
from normlayers.explorer.static_files import TYPES, static_files

Answer = tuple[Any, str]  # content and its type


class NeuronsPlugin(TBPlugin):
    """Serves runs' snapshots, and the view of them.

    Under ``/data/plugin/normlayers``: ``/runs``, ``/meta?run=NAME``,
    ``/snapshot?run=NAME&index=K``, ``/snapshots?run=NAME&indices=K,L,M`` and ``/static/FILE``.
    What is not known is answered with 404 and a sentence.

    Args:
        context: TensorBoard's.
    """

    plugin_name = PLUGIN

    def __init__(self, context: Any) -> None:
        self._runs = ProviderRuns(context.data_provider, context.logdir)
        self._static = static_files()

    def get_plugin_apps(self) -> dict[str, Callable[..., Any]]:
        """The routes."""
        routes = {
            "/runs": self._answer_runs,
            "/meta": self._answer_meta,
            "/snapshot": self._answer_snapshot,
            "/snapshots": self._answer_snapshots,
            "/static/*": self._answer_static,
        }
        return {route: _application(answer) for route, answer in routes.items()}

    def is_active(self) -> bool:
        """Whether there is anything to show: TensorBoard itself looks for the plugin's data."""
        return False

    def frontend_metadata(self) -> FrontendMetadata:
        """Where the view is, and its name."""
        return FrontendMetadata(es_module_path="/static/index.js", tab_name="Neurons")

    def _answer_runs(self, request: Any) -> Answer:
        names, others = self._runs.names(*_asked_by(request))
        return {"runs": names, "others": others}, "application/json"

    def _answer_meta(self, request: Any) -> Answer:
        run = request.args.get("run", "")
        return self._runs.meta(*_asked_by(request), run), "application/json"

    def _answer_snapshot(self, request: Any) -> Answer:
        run, index = request.args.get("run", ""), request.args.get("index", "")
        if not (index.isascii() and index.isdigit() and len(index) < 10):
            raise UnknownRunError(f"index must be a whole number from 0 on. Received: {index!r}")
        snapshot = self._runs.snapshot(*_asked_by(request), run, int(index))
        return snapshot, "application/octet-stream"

    def _answer_snapshots(self, request: Any) -> Answer:
        run = request.args.get("run", "")
        try:
            indices = indices_of(request.args.get("indices", ""))
        except ValueError as error:
            raise UnknownRunError(str(error)) from None
        found = self._runs.records(*_asked_by(request), run, indices)
        return encode_batch(found), "application/octet-stream"

    def _answer_static(self, request: Any) -> Answer:
        name = request.path.rpartition(f"/{PLUGIN}/static/")[2]
        path = self._static.get(name)
        if path is None:
            raise UnknownRunError(f"the view has no file {name!r}")
        return path.read_bytes(), TYPES[path.suffix]


class NeuronsLoader(TBLoader):
    """Makes the plugin, and has TensorBoard keep every snapshot.

    By default it keeps 10 or 100 of a tag. What ``--samples_per_plugin`` says of ``normlayers``
    goes before.
    """

    def fix_flags(self, flags: Any) -> None:
        """Ask for all samples, before TensorBoard loads any."""
        samples = getattr(flags, "samples_per_plugin", None) or {}
        flags.samples_per_plugin = {PLUGIN: 0, **samples}

    def load(self, context: Any) -> NeuronsPlugin | None:
        """The plugin; ``None`` where TensorBoard has no data provider."""
        return None if context.data_provider is None else NeuronsPlugin(context)


def _asked_by(request: Any) -> tuple[Any, str]:
    environ = request.environ
    return plugin_util.context(environ), plugin_util.experiment_id(environ)


def _application(answer: Callable[[Any], Answer]) -> Callable[..., Any]:
    @wrappers.Request.application
    def respond(request: Any) -> Any:
        if request.method not in ("GET", "HEAD"):
            return Respond(request, "only GET is answered", "text/plain", 405)
        try:
            content, content_type = answer(request)
        except (UnknownRunError, CorruptSnapshotError) as error:
            return Respond(request, str(error), "text/plain", 404)
        except PublicError as error:  # as of a run that was deleted meanwhile
            return Respond(request, f"it is no longer there: {error}", "text/plain", 404)
        return Respond(request, content, content_type)

    return respond
