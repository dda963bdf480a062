PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
SANDBOX_PORT ?= 8787
export PYTHON

.PHONY: demo run test test-firefox check audit lock bench screenshots

demo: $(VENV)/installed  ## run the app with the sandbox
	@echo "Open http://localhost:$(PORT)  (Ctrl-C to stop)"
	@$(BIN)/python -m sandbox --port $(SANDBOX_PORT) & sandbox=$$!; \
	trap 'kill $$sandbox 2>/dev/null' EXIT; \
	OPENROUTER_BASE_URL=http://127.0.0.1:$(SANDBOX_PORT) \
	$(BIN)/streamlit run streamlit_app.py --server.port $(PORT) --server.headless true

run: $(VENV)/installed  ## run the app with the real OpenRouter
	@$(BIN)/streamlit run streamlit_app.py --server.port $(PORT)

test: $(VENV)/installed  ## run all tests; installs what they need
	@scripts/install.sh tests
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

test-firefox: $(VENV)-firefox/installed  ## test sign-in, chat and conversations in Firefox
	@scripts/install.sh firefox
	@TEST_BROWSER=firefox $(VENV)-firefox/bin/python -m pytest -q -m "not chromium" \
	$(addprefix tests/browser/test_, sign_in.py signed_in.py chat.py conversations.py)

check: $(VENV)/installed  ## check format, lint and types, and run all tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test

bench: $(VENV)/installed  ## measure speed and traffic
	@$(BIN)/python -m bench

audit: $(VENV)/installed  ## list known vulnerabilities of the runtime packages (from PyPI)
	@$(BIN)/python -m pip install --quiet pip-audit
	@$(BIN)/pip-audit --requirement requirements.txt

lock: $(VENV)/installed  ## pin the packages of the image, with their hashes
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile requirements.txt --quiet --upgrade --generate-hashes --no-annotate \
	--python-version 3.12 --python-platform linux --custom-compile-command "make lock" \
	--output-file deploy/requirements.lock

screenshots: $(VENV)/installed  ## take the README's screenshots
	@$(BIN)/python -m docs.screenshots

$(VENV)/installed: requirements.txt requirements-dev.txt
	@scripts/install.sh python
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

# Later versions of Playwright cannot drive Debian's Firefox.
$(VENV)-firefox/installed: requirements.txt requirements-dev.txt
	@scripts/install.sh python
	$(PYTHON) -m venv $(VENV)-firefox
	$(VENV)-firefox/bin/python -m pip install --quiet --requirement requirements-dev.txt playwright==1.61.0
	@touch $@
