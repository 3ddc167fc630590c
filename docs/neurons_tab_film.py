"""The film of the Neurons tab in README, and its last picture: neurons_tab.gif, neurons_tab.png.

Reads two runs of `scripts/two_neuron_circle.py` (`make reproduce` writes them), opens TensorBoard's
tab on them in headless Chromium, without TensorBoard's bar of tabs, drags the slider, clicks two
points and a neuron, and scrubs back:

    python docs/neurons_tab_film.py [--logs logs/two_neuron_circle] [--chromium PATH]
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageColor, ImageDraw

HERE = Path(__file__).parent
RUNS = ("relu-shifted", "relu-shifted-standardized")
WIDTH, HEIGHT = 910, 925
COLOURS = 80
# As they are, for lines are too thin to have a share of the colours: the view's own.
KEPT = ["#F4F5F7", "#FFFFFF", "#0072B2", "#D55E00", "#1F5FA8", "#4DAF4A", "#C8C8C8", "#1D1D1F"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
ARROW = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (13, 12)]


@contextmanager
def tensorboard(logs: Path) -> Iterator[str]:
    """Its address, with the tab."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs)]
    command += ["--host", "localhost", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        found = next(filter(None, (re.search(r"http://\S+:\d+", line) for line in server.stderr)))
        yield found.group()
    finally:
        server.terminate()
        server.wait()


class Camera:
    """Takes the tab's pictures, with a pointer where the mouse is."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.at = (WIDTH * 0.6, HEIGHT * 0.55)
        self.frames: list[tuple[Image.Image, int]] = []

    def take(self, milliseconds: int, pressed: bool = False) -> None:
        """A picture, and for how long it stands."""
        self.page.wait_for_timeout(60)
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        pen = ImageDraw.Draw(image)
        x, y = self.at
        if pressed:
            pen.ellipse((x - 13, y - 13, x + 13, y + 13), outline="#0072B2", width=3)
        pen.polygon([(x + dx, y + dy) for dx, dy in ARROW], fill="#111111", outline="#FFFFFF")
        self.frames.append((image, milliseconds))

    def move(self, x: float, y: float, frames: int = 5) -> None:
        """Lead the mouse somewhere."""
        before = self.at
        for frame in range(1, frames + 1):
            share = frame / frames
            share = share * share * (3 - 2 * share)
            self.at = (before[0] + share * (x - before[0]), before[1] + share * (y - before[1]))
            self.page.mouse.move(*self.at)
            self.take(60)

    def click(self, x: float, y: float) -> None:
        """Go there and click."""
        self.move(x, y)
        self.page.mouse.click(x, y)
        self.take(250, pressed=True)

    def drag(self, places: list[int], milliseconds: int = 70) -> None:
        """Move the slider from place to place."""
        slider = self.page.get_by_role("slider", name="observation")
        box, last = slider.bounding_box(), int(slider.get_attribute("max"))
        for place in places:
            self.at = (box["x"] + 8 + (box["width"] - 16) * place / last, box["y"] + 48)
            slider.fill(str(place))
            self.take(milliseconds)


def film(page: Any, address: str) -> list[tuple[Image.Image, int]]:
    """The pictures, in their order."""
    runs = "&".join(f"run={run}" for run in RUNS)
    page.goto(f"{address}/data/plugin_entry.html?name=normlayers#{runs}&step=0")
    page.locator(f".run:nth-child({len(RUNS)})[data-step]").wait_for()
    camera = Camera(page)
    page.wait_for_timeout(3_000)
    last = int(page.get_by_role("slider", name="observation").get_attribute("max"))
    camera.take(600)
    camera.drag([round(last * (i / 22) ** 1.6) for i in range(23)])
    camera.take(500)
    plane = page.locator(".run").nth(1).locator(".plane canvas").bounding_box()
    for across, down in ((0.5, 0.42), (0.735, 0.42)):
        camera.click(plane["x"] + across * plane["width"], plane["y"] + down * plane["height"])
        camera.take(750)
    neuron = page.locator(".run").nth(1).locator('[data-neuron$=":1"]').first.bounding_box()
    camera.click(neuron["x"] + neuron["width"] / 2, neuron["y"] + neuron["height"] * 0.4)
    camera.take(750)
    camera.drag([round(last * (1 - i / 9) ** 2) for i in range(10)])
    camera.drag([round(last * (i / 12) ** 2) for i in range(13)])
    camera.take(1_200)
    return camera.frames


def write(frames: list[tuple[Image.Image, int]]) -> None:
    """The film, in one set of colours so that only changes take room, and the picture."""
    frames[-1][0].save(HERE / "neurons_tab.png", optimize=True)
    sheet = Image.new("RGB", (WIDTH, HEIGHT * 3))
    for place, (image, _) in enumerate((frames[0], frames[len(frames) // 2], frames[-1])):
        sheet.paste(image, (0, place * HEIGHT))
    found = sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in KEPT for part in ImageColor.getrgb(colour)] + found)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image, _ in frames]
    images[0].save(
        HERE / "neurons_tab.gif", save_all=True, append_images=images[1:], loop=0,
        duration=[milliseconds for _, milliseconds in frames], optimize=False,
    )  # fmt: skip


def main() -> None:
    """Make both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--logs", type=Path, default=HERE.parent / "logs" / "two_neuron_circle")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="its path")
    options = parser.parse_args()
    missing = [run for run in RUNS if not (options.logs / run).is_dir()]
    if missing:
        parser.error(
            f"{options.logs} has no run {missing[0]}; scripts/two_neuron_circle.py makes it"
        )
    from playwright.sync_api import sync_playwright

    with tensorboard(options.logs) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        frames = film(page, address)
        browser.close()
    write(frames)
    size = (HERE / "neurons_tab.gif").stat().st_size / 1e6
    seconds = sum(milliseconds for _, milliseconds in frames) / 1e3
    print(f"{len(frames)} pictures, {seconds:.1f} s, {size:.1f} MB")


if __name__ == "__main__":
    main()
