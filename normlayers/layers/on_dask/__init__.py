"""Dask collections as data: each partition is counted where it is, and only counts travel."""
