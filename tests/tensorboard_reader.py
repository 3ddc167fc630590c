"""Event files read back with TensorBoard's own reader."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


class Read:
    """What TensorBoard finds in a folder."""

    def __init__(self, log_dir):
        self._events = EventAccumulator(str(log_dir), size_guidance={"tensors": 0})
        self._events.Reload()

    def tags(self, plugin):
        tags = self._events.Tags()["tensors"]
        of = {tag: self._events.SummaryMetadata(tag).plugin_data.plugin_name for tag in tags}
        return {tag for tag in tags if of[tag] == plugin}

    def steps(self, tag):
        return [event.step for event in self._events.Tensors(tag)]

    def values(self, tag):
        return [tensor_util.make_ndarray(event.tensor_proto) for event in self._events.Tensors(tag)]

    def description(self, tag):
        return self._events.SummaryMetadata(tag).summary_description
