"""Numbers about data: NumPy only, mergeable, no Keras."""
