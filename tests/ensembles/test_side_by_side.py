"""The pool of worker threads: order, how far it runs ahead, and how it ends."""

import threading
import time
from contextlib import closing

import pytest

from normlayers.ensembles.side_by_side import StoppedError, side_by_side


def test_results_come_in_the_items_order():
    def slow_first(number, go_on):
        time.sleep(0.05 if number == 0 else 0)
        return number

    assert list(side_by_side(slow_first, range(20), workers=4)) == list(range(20))


def test_results_come_as_they_are_there():
    other_came = threading.Event()

    def task(number, go_on):
        assert number or other_came.wait(10)
        return number

    results = side_by_side(task, [0, 1], workers=2, in_order=False)
    assert next(results) == 1
    other_came.set()
    assert list(results) == [0]


def test_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    with closing(side_by_side(lambda number, go_on: number, items(), workers=2)) as found:
        assert next(found) == 0
    assert len(taken) <= 4


def test_left_early_tasks_are_told_to_stop_and_none_begins():
    begun, ended = [], []
    running = threading.Barrier(3)

    def endless(number, go_on):
        begun.append(number)
        if number == 0:
            return
        running.wait(10)
        try:
            while True:
                go_on()
                time.sleep(0.001)
        except StoppedError:
            ended.append(number)
            raise

    with closing(side_by_side(endless, range(100), workers=2)) as found:
        next(found)
        running.wait(10)  # both threads are under way
    assert sorted(begun) == [0, 1, 2]
    for _ in range(1000):
        if len(ended) == 2:
            break
        time.sleep(0.01)
    assert sorted(ended) == [1, 2]


def test_what_a_task_raises_is_raised_and_ends_the_others():
    ended = threading.Event()
    both = threading.Barrier(2)

    def task(number, go_on):
        both.wait(10)
        if number == 0:
            raise ZeroDivisionError("no")
        try:
            while True:
                go_on()
        finally:
            ended.set()

    with pytest.raises(ZeroDivisionError, match="no"):
        list(side_by_side(task, range(2), workers=2))
    assert ended.wait(10)


def test_threads_are_prepared_once_each():
    prepared = []
    found = side_by_side(
        lambda number, go_on: threading.get_ident(), range(50), workers=3,
        prepare=lambda: prepared.append(threading.get_ident()),
    )  # fmt: skip
    assert set(found) <= set(prepared)
    assert len(prepared) == len(set(prepared)) <= 3


def test_nothing_to_do_is_done():
    assert list(side_by_side(lambda item, go_on: item, [])) == []
