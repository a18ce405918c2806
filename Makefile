# Needs Python >= 3.11 and make, nothing else. `make report` first.
.DEFAULT_GOAL := help
.PHONY: help report demo setup test test-long lint lines lab notebooks clean
unexport CX_HOME PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

BIN := .venv/bin
# Several processes share the cores; threads of small linear models would only wait for each other.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1
JOBS ?= auto
data_code = $$(find cxlib/*.py cxlib/tables cxlib/sources cxlib/demo cxlib/store cxlib/derive \( -name '*.py' -o -name '*.toml' \) | LC_ALL=C sort) data/settings.toml
find_python = for name in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null && break; done
checksum = cksum | cut -d ' ' -f 1

help: ## Show these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20

report: demo ## Build the demo report of its last month and print the path to open
	@month=$$($(BIN)/python -c 'import json; print(json.load(open("data/demo/manifest.json"))["last_month"])') && \
	code=$$(cat requirements.txt data/demo/.code data/demo/settings.toml $$(find cxlib -name '*.py' -o -path '*/templates/*' -type f | LC_ALL=C sort) \
		notebooks/*.ipynb data/settings.toml | $(checksum)) && page=reports/demo/$$month/index.html && \
	if [ -f "$$page" ] && [ "$$code" = "$$(cat reports/demo/.code 2>/dev/null)" ]; then echo "Report: $$page (nothing has changed)"; else \
		$(BIN)/python -m cxlib report demo --month "$$month" && echo "$$code" > reports/demo/.code; fi

demo: setup ## Build the demo data, unless this version of the code built them
	@code=$$(cat $(data_code) | $(checksum)) && \
	if [ "$$code" != "$$(cat data/demo/.code 2>/dev/null)" ]; then \
		$(BIN)/python -m cxlib demo && echo "$$code" > data/demo/.code; fi

# The environment is made anew when a pin or this folder's place has changed; the stamp is written last.
setup: ## Make .venv from the pinned, hashed requirements (through uv when it is there)
	@pins=$$({ cat requirements.txt; pwd; } | $(checksum)); \
	[ "$$pins" = "$$(cat .venv/.pins 2>/dev/null)" ] && $(BIN)/python -c '' && exit 0; \
	python=$$($(find_python)); \
	if [ -z "$$python" ]; then echo "No Python >= 3.11 found. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2; fi; \
	echo "Making .venv with $$python"; rm -rf .venv; set -e; \
	if uv --version >/dev/null 2>&1; then \
		uv venv --quiet --python "$$python" .venv; \
		install="uv pip install --quiet --compile-bytecode --python $(BIN)/python"; \
	else \
		"$$python" -m venv .venv; \
		install="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; \
	fi; \
	$$install --no-deps --require-hashes -r requirements.txt; \
	$$install --no-deps --no-build-isolation -e .; \
	echo "$$pins" > .venv/.pins

test: setup ## Run every test that Python alone can run, the docstrings and the README; say what was skipped and why
	@$(BIN)/python -m pytest -rs -n $(JOBS) --dist loadfile tests
	@echo "Left out: the long simulations (make test-long)."

test-long: setup ## Run the long simulations
	@$(BIN)/python -m pytest -rs -m long tests

lint: setup ## Check format, style and types
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy

lines: ## Count the package's lines by folder; more than 32,000 is too many
	@find cxlib -name '*.py' -exec awk 'FNR == 1 { folder = FILENAME; sub("/[^/]*$$", "", folder) } { n[folder]++; all++ } \
		END { for (f in n) printf "%6d  %s\n", n[f], f | "sort -k 2"; close("sort -k 2"); printf "%6d  in all (at most 32000)\n", all; exit all > 32000 }' {} +

lab: demo ## Open the notebooks in JupyterLab
	@$(BIN)/python -m cxlib lab

notebooks: demo ## Execute the notebooks on the demo data and save them with their outputs
	@$(BIN)/python -m cxlib notebooks

clean: ## Remove what make built; imported data and their reports stay
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis data/demo reports/demo
	find . \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
