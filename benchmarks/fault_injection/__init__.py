"""Healthy networks, and every fault that can be injected into them."""
