"""A trained model made ready to run: normalization folded away, statistics of the whole data."""
