# `make` alone lists the targets.
PYTHON ?= python3
PORT ?= 6006
BIN := .venv/bin
INSTALLED := .venv/installed
# Two processes. A file's tests stay together, with the fixtures they share; long files do not come
# last, as they would in xdist's order.
# With COVERAGE=FOLDER the lines that they run are counted, into a file in that folder.
COUNTED = $(if $(COVERAGE),python -m slipcover --json --out $(COVERAGE)/$(1).json -m )
PYTEST = $(BIN)/$(COUNTED)pytest -n 2 --dist loadfile --no-loadscope-reorder
$(if $(COVERAGE),$(shell mkdir -p $(COVERAGE)))
ON_EACH_BACKEND := tests/layers tests/tracking tests/diagnosis tests/inference tests/peers tests/ensembles
# JAX compiles every model that these diagnose and repair; no line of what they test asks for the
# backend. TensorFlow and torch run them, JAX the evidence, whole diagnoses and programs as people
# write them.
# `make test-jax NOT_ON_JAX=` runs them there.
NOT_ON_JAX := tests/diagnosis/rules tests/diagnosis/repair
# What these ask for does not hang on how well XLA compiles: without LLVM's optimization, and its longest
# passes, JAX takes two thirds of the time for them. Layers are tested as users have them.
UNOPTIMIZED := tests/tracking tests/diagnosis
QUICKLY := --xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true
FAST := tests/statistics tests/pictures tests/experiments/claims tests/test_house.py tests/test_ci.py
.PHONY: help reproduce check test test-jax test-torch test-oldest backends tensorboard benchmark docs dist

help:
	@echo 'make reproduce    run the experiments and write logs/report.html; ONLY=... runs some'
	@echo '                  NETWORKS=... trains so many networks an arm of deep_networks'
	@echo '                  START_OVER=1 removes what an earlier run, of other arguments, has left'
	@echo '                  SCHEDULER=... trains networks on the workers of that Dask scheduler'
	@echo 'make tensorboard  look at them in a browser'
	@echo 'make check        lint, types and the fast tests, in a minute'
	@echo 'make test         lint, types and the whole test suite'
	@echo 'make test-oldest  the test suite with the oldest versions that are allowed, in .venv-oldest'
	@echo 'make backends     install JAX, torch and runtimes of exported models, for make test to test with'
	@echo 'make benchmark    measure speed, side by side with plain Keras: one table with goals, in ten minutes'
	@echo 'make docs         build the site, docs/_build/html/index.html'
	@echo 'make dist         build and check the wheel and the source distribution, dist/'

reproduce: $(INSTALLED)
	@$(BIN)/python scripts/reproduce.py $(if $(ONLY),--only $(ONLY)) \
	  $(if $(NETWORKS),--networks $(NETWORKS)) $(if $(REPORT),--report $(REPORT)) \
	  $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(if $(START_OVER),--start-over)
	@echo 'Open them in TensorBoard:  make tensorboard'

# Links that open where the story is: TensorBoard sorts tags by their names.
tensorboard: $(INSTALLED)
	@echo 'What shifted data do to a network:  http://localhost:$(PORT)/?runFilter=two_neuron_circle&tagFilter=boundary/input%7Clinearity%7Coverview#timeseries'
	@echo 'Every run in a dozen curves:        http://localhost:$(PORT)/?tagFilter=%5Eoverview/#timeseries'
	$(BIN)/tensorboard --logdir logs --host localhost --port $(PORT) --samples_per_plugin images=100

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --quiet $(FAST)

# In two parts: the second runs on the other backends as well, where they are installed.
test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(call PYTEST,one-backend) $(addprefix --ignore=,$(ON_EACH_BACKEND))
	$(call PYTEST,tensorflow) $(ON_EACH_BACKEND)
	@$(MAKE) --no-print-directory test-jax test-torch

# Two processes of torch, each with a thread for each core, wait for one another half of the time.
test-torch: ON_BACKEND = $(call PYTEST,torch) $(ON_EACH_BACKEND)
# Of JAX in two parts, as XLA takes its options once.
test-jax: ON_BACKEND = $(call PYTEST,jax) $(filter-out $(UNOPTIMIZED),$(ON_EACH_BACKEND))
test-jax: THEN = XLA_FLAGS="$$XLA_FLAGS $(QUICKLY)" \
  $(call PYTEST,jax-unoptimized) $(UNOPTIMIZED) $(addprefix --ignore=,$(NOT_ON_JAX))
test-jax test-torch: test-%: $(INSTALLED)
	@if $(BIN)/python -c "import $*" 2>/dev/null; then \
	  export KERAS_BACKEND=$* OMP_NUM_THREADS=1; \
	  for command in '$(ON_BACKEND)' '$(THEN)'; do \
	    test -z "$$command" || { echo "KERAS_BACKEND=$* OMP_NUM_THREADS=1 $$command"; \
	      eval "$$command --quiet" || exit; }; \
	  done; \
	else \
	  echo "$* is not installed, so nothing is tested with it; install: make backends"; \
	fi

test-oldest: .venv-oldest/installed
	.venv-oldest/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder

backends: .venv/backends

# What each of these measures in a minute or so; alone and with more rounds it says more.
benchmark: $(INSTALLED)
	$(BIN)/python benchmarks/adapt.py --rounds 3
	$(BIN)/python benchmarks/batch_normalization.py --rounds 3
	$(BIN)/python benchmarks/ensemble.py --epochs 300 --rounds 2
	$(BIN)/python benchmarks/tracking.py --rounds 3
	$(BIN)/python benchmarks/two_neuron_circle.py --epochs 100 --arms relu-centred relu-shifted
	$(BIN)/python benchmarks/inference.py --networks MobileNetV2 --runtimes graph --batches 1 --seeds 0
	$(BIN)/python benchmarks/cluster.py --only C1 C2 --rows 2000000 --rounds 2
	$(BIN)/python benchmarks/diagnosis.py --cases 1 --seeds 1 --half reporting --kept logs/benchmarks/diagnosis.jsonl
	@if command -v chromium >/dev/null; then $(BIN)/python benchmarks/neurons_tab.py --rounds 1; \
	  else echo 'chromium is not installed, so the Neurons tab is not measured'; fi
	$(BIN)/python benchmarks/goals.py

# Warnings are errors; a notebook's cell that fails is one.
docs: .venv/docs
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo 'Open it in a browser:  docs/_build/html/index.html'

dist: .venv/release
	@rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/twine check --strict dist/*

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

.venv-oldest/installed: pyproject.toml constraints-oldest.txt
	@echo 'Installing the oldest versions into .venv-oldest, once; this takes a few minutes.'
	@$(PYTHON) -m venv .venv-oldest
	@.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints-oldest.txt --editable '.[dev]'
	@touch $@

.venv/docs .venv/release: .venv/%: $(INSTALLED)
	@echo 'Installing what $* needs into .venv, once.'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev,$*]'
	@touch $@

.venv/backends: $(INSTALLED)
	@echo 'Installing JAX, torch and runtimes into .venv, once; this takes a few minutes.'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev,jax,torch,export]'
	@touch $@
