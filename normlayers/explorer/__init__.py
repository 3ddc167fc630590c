"""Runs to look at, one observation after the other: in TensorBoard, as a page, in a notebook."""
