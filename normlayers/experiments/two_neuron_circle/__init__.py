"""Article A2's two-neuron networks."""
