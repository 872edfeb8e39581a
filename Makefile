# Everything runs in .venv, made from the lock; each target sets up what it needs and may be run again.
SCALE ?= 1
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py

.PHONY: setup spark demo serve test lint bench lock messages

setup: .venv/installed

.venv/installed: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

# Only for counts that a Spark cluster ranks: 460 MB, and needs Java 17 or newer.
spark: setup
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirements pyproject.toml --extra spark --constraints requirements.lock

demo: setup
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) demo --scale $(SCALE)

serve: setup
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) collectstatic --no-input --verbosity 0
	@echo 'Pulse: http://localhost:$(PORT)/admin/ (Ctrl-C stops it)'
	PORT=$(PORT) $(BIN)/honcho --procfile pulse_site/Procfile --app-root . start || test $$? = 130

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MANAGE) makemigrations --check --dry-run

bench: setup
	$(BIN)/python -m pytest tests/bench --override-ini norecursedirs=".*" -s

lock: setup
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

messages: setup
	$(MANAGE) makemessages --locale fr --no-location --no-wrap --no-obsolete --ignore .venv --ignore var --ignore tests
	sed -i -E '/^"(POT-Creation-Date|Report-Msgid-Bugs-To):/d' pulse_site/locale/fr/LC_MESSAGES/django.po
	$(MANAGE) compilemessages --locale fr --ignore .venv
