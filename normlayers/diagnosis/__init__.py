"""What is wrong with a model, its data and its training: rules over what was measured."""
