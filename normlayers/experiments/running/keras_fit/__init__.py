"""Networks that an experiment trains by Keras's own ``fit``."""
