"""Values of TensorBoard's own plugins, as they stand in an event.

TensorBoard's modules are loaded late: they cost a second that a user of the layers need not pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Histogram = tuple[float, float, npt.NDArray[Any]]


def scalar_value(tag: str, number: float) -> Any:
    """A number."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_FLOAT
    from tensorboard.plugins.scalar.metadata import create_summary_metadata

    # What TensorBoard's own scalar_pb makes, in a tenth of its time.
    tensor = TensorProto(dtype=DT_FLOAT, float_val=[number], tensor_shape=TensorShapeProto())
    metadata = create_summary_metadata(display_name=None, description="")
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def histogram_value(tag: str, low: float, high: float, counts: npt.NDArray[Any]) -> Any:
    """How many values are in each of equal bins from ``low`` to ``high``."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.histogram.metadata import create_summary_metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    if low == high:  # of equal values, which are all in the first bin
        low, high, counts = low - 0.5, high + 0.5, np.roll(counts, len(counts) // 2)
    edges = np.linspace(low, high, len(counts) + 1)
    # The histogram plugin's format: left edge, right edge and count of each bin.
    bins = np.stack([edges[:-1], edges[1:], counts], axis=1)
    return Summary.Value(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=""),
        # Single precision, which the values have, is half of the size.
        tensor=make_tensor_proto(bins, dtype=np.float32),
    )


def image_value(tag: str, pngs: Sequence[bytes]) -> Any:
    """PNG files, of which TensorBoard numbers those of one size as samples."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.image.metadata import create_summary_metadata

    # The image plugin's format: width, height, then the encoded images. A PNG's header has both
    # at bytes 16 to 24.
    width, height = (int.from_bytes(pngs[0][at : at + 4], "big") for at in (16, 20))
    strings = [str(width).encode(), str(height).encode(), *pngs]
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(strings))])
    return Summary.Value(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=""),
        tensor=TensorProto(dtype=DT_STRING, string_val=strings, tensor_shape=shape),
    )


def text_value(tag: str, text: str) -> Any:
    """Markdown."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    return Summary.Value(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=""),
        tensor=TensorProto(
            dtype=DT_STRING, string_val=[text.encode()], tensor_shape=TensorShapeProto()
        ),
    )
