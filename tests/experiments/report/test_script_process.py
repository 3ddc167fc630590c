"""Scripts side by side, each with the exit code that is its own."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import forkserver
from threading import Barrier, BrokenBarrierError, Event

import pytest

from normlayers.experiments.report.script_process import ScriptProcess, preloaded_context


@pytest.mark.skipif(
    preloaded_context().get_start_method() != "forkserver", reason="of processes that are forked"
)
def test_a_process_that_starts_takes_no_exit_code_from_another(monkeypatch, tmp_path):
    """Each start reads the codes of those that have ended: here while another thread does."""
    for number in (3, 4):
        (tmp_path / f"{number}.py").write_text(f"raise SystemExit({number})")
    read, reads = forkserver.read_signed, Counter()
    reading, together = Event(), Barrier(2)

    def read_together(sentinel):
        reads[sentinel] += 1
        if reads[sentinel] > 1:  # the first is the process's number
            reading.set()
            with suppress(BrokenBarrierError):
                together.wait(1)
        return read(sentinel)

    monkeypatch.setattr(forkserver, "read_signed", read_together)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ScriptProcess(tmp_path / "3.py", [], 80).run)
        assert reading.wait(60)
        second, _ = ScriptProcess(tmp_path / "4.py", [], 80).run()
    assert (first.result()[0].code, second.code) == (3, 4)
