"""How a model's layers are read while it runs, without touching it."""
