"""The first steps of training, and short trials of what it would be otherwise."""
