"""The articles' experiments: data, training, measures, claims; one module an experiment."""
