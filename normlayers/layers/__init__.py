"""Keras layers that normalize; the only package here that defines any."""
