# make demo   install into .venv and invert the bundled sounding; the picture lands in ./demo
# make test   install the test extra and run the default suite in two processes
# Without make (Windows): the README says the same in pip and pytest commands.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SOURCES = $(shell find bpinvert forward_models -type f ! -name '*.pyc')

.PHONY: demo test test-slow lint bench clean

demo: $(VENV)/installed-for-demo
	$(BIN)/bpinvert demo -o demo

test: $(VENV)/installed-for-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(VENV)/installed-for-test
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/installed-for-lint
	$(BIN)/ruff check .

bench: $(VENV)-bench/installed
	$(VENV)-bench/bin/python -m benchmarks.forward
	$(VENV)-bench/bin/python -m benchmarks.forward --em

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("bpinvert needs Python 3.11 or newer: run make PYTHON=/path/to/it")'
	$(PYTHON) -m venv $(VENV)

# The demo runs what a user installs, the tests run the source tree: installing one undoes the other.
$(VENV)/installed-for-demo: pyproject.toml $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet .
	rm -f $(VENV)/installed-for-test
	touch $@

$(VENV)/installed-for-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	rm -f $(VENV)/installed-for-demo
	touch $@

$(VENV)/installed-for-lint: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet 'ruff>=0.9'
	touch $@

# The peers are large and none is needed to use bpinvert: they get an environment of their own.
$(VENV)-bench/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --editable '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-bench demo build dist
