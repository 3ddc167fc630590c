"""What was measured of a model and its data, gathered once."""
