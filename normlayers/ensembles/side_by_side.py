"""The one pool of worker threads: tasks side by side, a few ahead of whoever takes their results.

Threads do, as compiled programs and NumPy compute outside of Python's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# Called by a task now and then; it raises where the task is to end.
GoOn = Callable[[], None]


class StoppedError(Exception):
    """Nobody waits for the task's result any more."""


def side_by_side(
    task: Callable[[Item, GoOn], Result],
    items: Iterable[Item],
    workers: int | None = None,
    in_order: bool = True,
    prepare: Callable[[], object] | None = None,
) -> Generator[Result, None, None]:
    """Do a task with each of many items.

    No more than one task per worker, and one that waits, are under way at a time, so that few
    results are held however many items there are. Once the generator is closed, or an exception
    leaves it, no task begins any more, and those under way are told to stop. They are not waited
    for: compiling a program, which nothing can interrupt, takes half a minute.

    Args:
        task: of an item, and of a function that it calls now and then: this raises a
            ``StoppedError`` once the task is to end.
        items: taken as they are needed.
        workers: threads; ``None``: as many as there are cores.
        in_order: whether the results come in the items' order; otherwise as soon as they are there.
        prepare: called once in every thread before its first task.

    Yields:
        the results.

    Raises:
        Exception: what a task raised, where its result was due.

    Example:
        >>> list(side_by_side(lambda number, go_on: number**2, range(4)))
        [0, 1, 4, 9]
    """
    workers = workers or os.cpu_count() or 1
    stop = Event()

    def go_on() -> None:
        if stop.is_set():
            raise StoppedError

    running: list[Future[Result]] = []

    def next_result() -> Result:
        done = running if in_order else wait(running, return_when=FIRST_COMPLETED).done
        due = next(future for future in running if future in done)
        running.remove(due)
        return due.result()

    pool = ThreadPoolExecutor(workers, initializer=prepare)
    try:
        for item in items:
            if len(running) > workers:
                yield next_result()
            running.append(pool.submit(task, item, go_on))
        while running:
            yield next_result()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
