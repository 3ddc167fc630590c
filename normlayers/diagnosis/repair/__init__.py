"""A model with the cures applied that help it."""
