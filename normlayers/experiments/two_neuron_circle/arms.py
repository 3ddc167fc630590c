"""The kinds of networks that ``two_neuron_circle`` trains."""

ACTIVATIONS = ("relu", "sigmoid")
CURES = ("standardized", "bn-pre", "bn-post")
DATA = ("centred", "shifted", *(f"shifted-{cure}" for cure in CURES))
ARMS = tuple(f"{activation}-{data}" for activation in ACTIVATIONS for data in DATA)
