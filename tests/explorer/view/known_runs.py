"""Runs whose answers are computed here by NumPy alone, in the view's format, and where they are."""

import base64
import functools
import http.server
import json
import re
import struct
import threading
import urllib.parse
import zlib
from pathlib import Path

import numpy as np

STATIC = Path(__file__).parents[3] / "normlayers" / "explorer" / "static"
# As TensorBoard's: scripts and data of the origin only.
CSP = (
    "default-src 'self'; font-src 'self' data:; frame-ancestors *; frame-src 'self'; "
    "img-src 'self' data: blob:; object-src 'none'; style-src 'self' 'unsafe-inline' data:; "
    "connect-src 'self'; script-src 'self' 'unsafe-eval'"
)
STEPS = [0, 20, 40, 60]
RELOAD_AFTER = 5_000  # milliseconds, as the page has it
KERNELS = {
    "hidden": np.array([[1.0, -1.0], [0.5, 1.0]], np.float32),
    "output": np.array([[2.0], [-3.0]], np.float32),
}


def encode(header, sections):
    """A snapshot's bytes."""
    body, entries = b"", []
    for name, dtype, values in sections:
        entry = {"name": name, "dtype": dtype, "shape": list(np.shape(values))}
        if dtype == "bits":
            data = np.packbits(np.asarray(values, bool).ravel(), bitorder="little").tobytes()
        elif dtype == "u8":
            low, high = float(np.min(values)), float(np.max(values))
            scaled = (np.asarray(values) - low) / ((high - low) or 1) * 255
            data = np.round(scaled).astype(np.uint8).tobytes()
            entry |= {"low": low, "high": high}
        else:
            data = np.asarray(values, "<f4").tobytes()
        entries.append(entry | {"offset": len(body), "length": len(data)})
        body += data + b"\0" * (-len(data) % 4)
    text = json.dumps(header | {"sections": entries}).encode()
    return struct.pack("<I", len(text)) + text + body


def layer(name, neurons, inputs="", role="hidden", activation="relu"):
    return {
        "name": name,
        "activation": activation,
        "neurons": neurons,
        "shown": list(range(neurons)),
        "role": role,
        "inputs": inputs,
    }


def points(count=40, seed=3):
    """Points of two inputs on a circle's both sides, and their labels."""
    position = np.random.default_rng(seed).uniform(-1, 1, (count, 2)).astype(np.float32)
    return position, (np.hypot(*position.T) < 0.75).astype(int)


def small_activity(step, position, shift=0.0):
    """The 2-2-1 network's hidden pre-activations and predictions at a step."""
    bias = np.array([0.3 - step / 100, 0.1 - step / 100], np.float32) - shift
    before = position @ KERNELS["hidden"] + bias
    logits = np.maximum(before, 0) @ KERNELS["output"] + 0.25
    return bias, before, 1 / (1 + np.exp(-logits))


def meta_of(run, position, labels, steps, layers, scalars=None):
    return {
        "format": 1,
        "run": run,
        "unit": "epoch",
        "layers": layers,
        "points": {
            "total": len(position),
            "shown": list(range(len(position))),
            "position": position.tolist(),
            "axes": ["x0", "x1"],
            "labels": None if labels is None else labels.tolist(),
            "classes": None if labels is None else ["outside", "inside"],
        },
        "steps": list(steps),
        "scalars": scalars or {},
    }


def states_of(active):
    share = active.mean(axis=0)
    return [(share == 0).mean(), (share == 1).mean(), ((share > 0) & (share < 1)).mean(), np.nan]


def small_run(name="circle", steps=STEPS, shift=0.0):
    """A two-neuron network on 40 points, and its snapshots."""
    position, labels = points()
    layers = [layer("hidden", 2), layer("output", 1, "hidden", "output", "sigmoid")]
    loss = [[step, 1 / (1 + step / 20 + shift)] for step in steps]
    scalars = {
        "epoch_loss": loss,
        "epoch_val_loss": [[step, value * 1.2] for step, value in loss],
        "linearity": [[step, 1 - 1 / (2 + step / 50)] for step in steps],
        "activity/hidden/overlap": [[step, 0.25] for step in steps],
    }
    grid = np.stack(np.meshgrid(np.linspace(-1.2, 1.2, 40), np.linspace(-1.2, 1.2, 40)), -1)
    snapshots = []
    for step in steps:
        bias, before, output = small_activity(step, position, shift)
        active = before > 0
        boundary = small_activity(step, grid.reshape(-1, 2), shift)[2].reshape(40, 40)
        snapshots.append(
            encode(
                {"step": step, "extent": [-1.2, 1.2, -1.2, 1.2]},
                [
                    ("active/hidden", "bits", active),
                    ("value/hidden", "u8", np.maximum(before, 0)),
                    ("active/output", "bits", output > 0.5),
                    ("value/output", "u8", output),
                    ("prediction", "f32", output),
                    ("kernel/hidden", "f32", KERNELS["hidden"]),
                    ("bias/hidden", "f32", bias),
                    ("kernel/output", "f32", KERNELS["output"]),
                    ("bias/output", "f32", [0.25]),
                    ("boundary", "u8", np.clip(boundary, 0, 1)),
                    ("state/hidden", "f32", states_of(active)),
                    ("share/hidden", "f32", active.mean(axis=0)),
                    ("share/output", "f32", (output > 0.5).mean(axis=0)),
                ],
            )
        )
    return meta_of(name, position, labels, steps, layers, scalars), snapshots


def wide_activity(step, position, seed=0):
    """Pre-activations of the wide run's layers, some neurons dead, always on and duplicate."""
    rng, values, found = np.random.default_rng(seed), position, []
    for _ in range(3):
        weights = rng.normal(size=(values.shape[1], 64)) / np.sqrt(values.shape[1])
        before = values @ weights + np.sin(step / 90) * 0.4
        before[:, :8] = -1
        before[:, 8:12] = np.abs(before[:, 8:12]) + 0.1
        before[:, 13] = before[:, 12]
        found.append(before)
        values = np.maximum(before, 0)
    return found


def wide_run(name="wide", steps=range(6), count=60):
    """Three layers of 64, no weights, no boundary."""
    position, labels = points(count, seed=5)
    names = ["first", "second", "third"]
    layers = [layer(n, 64, before) for n, before in zip(names, ["", *names[:2]], strict=True)]
    scalars = {"epoch_loss": [[step, float(np.exp(-step / len(steps)))] for step in steps]}
    snapshots = []
    for step in steps:
        sections = []
        for n, before in zip(names, wide_activity(step, position), strict=True):
            sections += [
                (f"active/{n}", "bits", before > 0),
                (f"value/{n}", "u8", np.maximum(before, 0)),
                (f"state/{n}", "f32", states_of(before > 0)),
                (f"share/{n}", "f32", (before > 0).mean(axis=0)),
            ]
        snapshots.append(encode({"step": step}, sections))
    return meta_of(name, position, labels, steps, layers, scalars), snapshots


def inline_page(runs):
    """A self-contained page: modules by bare names in an import map, as page.py makes it."""
    modules = {}
    for path in STATIC.rglob("*.js"):
        text = re.sub(
            r"from '(\.[^']+)'",
            lambda found, path=path: (
                "from 'n/"
                + (path.parent / found[1]).resolve().relative_to(STATIC.resolve()).as_posix()
                + "'"
            ),
            path.read_text(),
        )
        coded = base64.b64encode(text.encode()).decode()
        modules["n/" + path.relative_to(STATIC).as_posix()] = f"data:text/javascript;base64,{coded}"
    inert = json.dumps({"runs": [meta for meta, _ in runs]}).replace("<", "\\u003c")
    coded = [
        " ".join(base64.b64encode(zlib.compress(s)).decode() for s in snaps) for _, snaps in runs
    ]
    held = [f'<script class="normlayers-snapshots" type="n/a">{texts}</script>' for texts in coded]
    return (
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<link rel="icon" href="data:,">'
        f"<style>{(STATIC / 'style.css').read_text()}</style>"
        f'<script id="normlayers-data" type="application/json">{inert}</script>'
        f"{''.join(held)}"
        f'<script type="importmap">{json.dumps({"imports": modules})}</script><body>'
        "<script type=module>import { render } from 'n/index.js'; render();</script>"
    )


def batch(snapshots, indices):
    """Several snapshots in one answer, deflated."""
    header, body = [], b""
    for index in map(int, indices.split(",")):
        data = zlib.compress(snapshots[index], 1)
        header.append({"index": index, "offset": len(body), "length": len(data)})
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + body


def reload(page):
    """Put a page's clock forward to when it asks again what runs there are, and wait for that."""
    with page.expect_response(re.compile("/runs$")):
        page.clock.fast_forward(RELOAD_AFTER)


class Tab(http.server.ThreadingHTTPServer):
    """The plugin's routes, as far as the view sees them: ``runs`` may be changed meanwhile.

    Attributes:
        asked: the paths that were, one after the other.
        failing: whether no snapshot is found.
    """

    daemon_threads = True

    def __init__(self, runs, others=()):
        super().__init__(("localhost", 0), functools.partial(Handler))
        self.runs, self.others = {meta["run"]: (meta, snaps) for meta, snaps in runs}, list(others)
        self.asked, self.failing = [], False
        self.address = f"http://localhost:{self.server_port}/data/plugin/normlayers/tab"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        self.answer(*self.found(path.removeprefix("/data/plugin/normlayers"), asked))

    def found(self, path, asked):
        runs = self.server.runs
        if path == "/tab":
            page = "<!doctype html><meta name=viewport content='width=device-width'>"
            return f"{page}<link rel=icon href=data:,><script src=boot.js></script>", "text/html"
        if path == "/boot.js":
            return "import('./static/index.js').then((m) => void m.render());", "text/javascript"
        if path == "/runs":
            listing = {"runs": list(runs), "others": self.server.others}
            return json.dumps(listing), "application/json"
        if asked.get("run") in runs:
            meta, snapshots = runs[asked["run"]]
            if path == "/meta":
                return json.dumps(meta), "application/json"
            if self.server.failing:
                return "not now", "text/plain", 503
            if path == "/snapshots":
                return batch(snapshots, asked["indices"]), "application/octet-stream"
            return snapshots[int(asked["index"])], "application/octet-stream"
        static = STATIC / path.removeprefix("/static/")
        if static.is_file():
            kind = {".js": "text/javascript", ".css": "text/css"}[static.suffix]
            return static.read_text(), kind
        return "no such thing", "text/plain", 404

    def answer(self, content, kind, status=200):
        data = content if isinstance(content, bytes) else content.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(data)
