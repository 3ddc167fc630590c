"""The data sets that ways to scale are compared on, by the names they have in results.json."""

from __future__ import annotations

from collections.abc import Callable

from normlayers.experiments.data.data_set import DataSet
from normlayers.experiments.data.digits import digits
from normlayers.experiments.data.wine import wine

DATA_SETS: dict[str, Callable[[], DataSet]] = {"digits": digits, "wine": wine}
