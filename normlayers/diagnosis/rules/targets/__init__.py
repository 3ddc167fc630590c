"""Faults of targets, of outputs, and of how they fit each other and the loss."""
