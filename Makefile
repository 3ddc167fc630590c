# `make` alone lists the targets.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: help reproduce test tensorboard benchmark

help:
	@echo 'make reproduce    run the experiments and print what was found'
	@echo 'make tensorboard  look at them in a browser'
	@echo 'make test         lint, types and the whole test suite'
	@echo 'make benchmark    measure speed, side by side with plain Keras'

reproduce: $(INSTALLED)
	@$(BIN)/python scripts/two_neuron_circle.py
	@echo 'Open them in TensorBoard:  make tensorboard'

tensorboard: $(INSTALLED)
	$(BIN)/tensorboard --logdir logs --host localhost

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --cov

benchmark: $(INSTALLED)
	$(BIN)/python benchmarks/two_neuron_circle.py

# Made anew when what is to be installed has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo 'there is no $(PYTHON); say which with: make PYTHON=...'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo 'normlayers needs Python 3.11 to 3.13; say which with: make PYTHON=python3.11 ...'; exit 1; }
	@echo 'Installing into .venv, once; this takes a few minutes.'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $@
