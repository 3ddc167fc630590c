"""PNG files: colours all but as they were drawn, in few bytes."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from normlayers.pictures.png import to_png


def test_a_png_is_what_was_drawn_and_its_palette_what_is_seen():
    figure = Figure(figsize=(2, 2), dpi=50)
    figure.text(0.1, 0.5, "text", color="#1F5FA8")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3]
    image = Image.open(io.BytesIO(to_png(figure)))
    seen = np.asarray(image.convert("RGB"))
    assert np.abs(seen.astype(int) - drawn).max() < 16
    assert len(image.getpalette()) // 3 == len(np.unique(seen.reshape(-1, 3), axis=0))
