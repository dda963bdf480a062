PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
SANDBOX_PORT ?= 8787

.PHONY: demo run test check audit bench screenshots

demo: $(VENV)/installed  ## the app with a sandbox in OpenRouter's place
	@echo "Open http://localhost:$(PORT)  (Ctrl-C ends it)"
	@$(BIN)/python -m sandbox --port $(SANDBOX_PORT) & sandbox=$$!; \
	trap 'kill $$sandbox 2>/dev/null' EXIT; \
	OPENROUTER_BASE_URL=http://127.0.0.1:$(SANDBOX_PORT) \
	$(BIN)/streamlit run streamlit_app.py --server.port $(PORT) --server.headless true

run: $(VENV)/installed  ## the app with the real OpenRouter
	@$(BIN)/streamlit run streamlit_app.py --server.port $(PORT)

test: $(VENV)/installed  ## all tests, the browser's too
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	|| command -v google-chrome >/dev/null || $(BIN)/playwright install --with-deps chromium
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal

check: $(VENV)/installed  ## format, lint, types, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test

bench: $(VENV)/installed  ## speed and traffic beside the plain pattern of the tutorials
	@$(BIN)/python -m bench

audit: $(VENV)/installed  ## known faults of the runtime packages; asks PyPI
	@$(BIN)/python -m pip install --quiet pip-audit
	@$(BIN)/pip-audit --requirement requirements.txt

screenshots: $(VENV)/installed  ## the README's pictures, anew
	@$(BIN)/python -m docs.screenshots

$(VENV)/installed: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@
