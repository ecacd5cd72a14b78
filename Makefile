# Two commands matter: `make run` opens the demo shop, `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= var
PORT ?= 8000

.PHONY: setup dev run test lint eval shots bench clean

setup: $(VENV)/.core ## the command `toritsugi` in .venv, and the encoder built once
	@$(BIN)/python -c "from pathlib import Path; from api.commands import encoder_for, settings_for; \
	  encoder_for(settings_for(Path('$(DATA)')))"

$(VENV)/.core: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing toritsugi into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.core
	@echo "Installing what tests need into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

dev: setup $(VENV)/.dev

run: setup ## the product with the demo shop on http://127.0.0.1:8000
	@$(BIN)/toritsugi serve --demo --data $(DATA) --port $(PORT)

test: dev ## everything this machine can run; says what it left out and why
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -rs $(ARGS)

lint: dev ## style, types, import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

eval: dev ## every figure that needs no outside data
	@for name in retrieval gate mood handoff follow mask loop speed; do $(BIN)/python -m eval $$name --data $(DATA) || exit 1; done

shots: dev ## screenshots for the README
	@$(BIN)/python -m tests.browser.shots docs/shots

bench: dev ## speed and load, as ratios in one run
	@$(BIN)/python -m eval speed --data $(DATA)

clean:
	rm -rf $(VENV) var build dist *.egg-info
