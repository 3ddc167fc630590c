"""Article A2's odds that a neuron is active at initialization."""
