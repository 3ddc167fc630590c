"""Imports, once for all experiments, what takes seconds: their processes are forked after that."""

from normlayers.experiments.running.quiet_start import quiet_start

with quiet_start():
    import keras  # noqa: F401
