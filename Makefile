# Every target sets itself up; what is there already is neither installed nor run again.
#   PYTHON=python3.12 make site   another Python          PORT=8000 make site   a fixed port
#   SERVE=0 make site             build, do not serve     LAB=--no-browser make lab
#   FOLDER=../mine make lab        JupyterLab on another folder
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help site test check quick lab lint weights bench-gpu grade-demo dist environment environment-dev browser clean

SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
NEED_PYTHON = test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not \
	found. On Debian or Ubuntu: sudo apt-get install -y python3 python3-venv"; exit 1; }
PY := .venv/bin/python
# The stand-in for Colab runs every notebook on all cores, and the site is made of its results;
# then everything else in two processes, of which one drives the browser.
COLAB := tests/house/test_colab.py
TWO := --numprocesses=2 --dist=loadgroup
WEIGHTS := detector_weights segmenter_weights diffusion_weights latent_weights gpt_weights vit
# Defaults of JupyterLab that hold under the user's own: it does not ask to fetch news.
LAB_CONFIG := $(CURDIR)/tools/jupyter
# A shell that is no login shell: that would set its own PATH, on which `course` is not.
TERMINAL = --ServerApp.terminado_settings="shell_command=['$${SHELL:-/bin/sh}']"
FOLDER ?= .
PORT ?= 0
SERVE ?= 1
export CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 16

site: environment ## the book, run and built, served on this machine
	@$(PY) tools/build_book.py
	@test $(SERVE) = 0 || { echo "Open the address below; Ctrl-C stops."; \
		exec $(PY) -u -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html; }

test: environment-dev browser lint ## everything: style, types, code, notebooks, book, browser, Colab
	@$(PY) -m pytest $(COLAB)
	@$(PY) -m pytest $(TWO) --ignore=$(COLAB)

check: ## what is quick: style, types, unit and structure tests
	@$(MAKE) --jobs=2 lint quick

quick: environment-dev
	@$(PY) -m pytest $(TWO) -m "not slow and not web"

lab: environment ## JupyterLab on the course, in your browser; its terminal knows `course`
	@PATH="$(CURDIR)/.venv/bin:$$PATH" JUPYTER_CONFIG_PATH="$(LAB_CONFIG)$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
		$(PY) -m jupyterlab --notebook-dir="$(FOLDER)" $(TERMINAL) $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB)

lint: environment-dev ## style and types
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { echo "Run: $(PY) -m ruff format ."; exit 1; }
	@$(PY) -m pyrefly check --min-severity error --summary=none

weights: environment ## the shipped weights, trained again by their scripts (more than an hour)
	@for script in $(WEIGHTS); do echo "benchmarks/$$script.py"; \
		OMP_NUM_THREADS=1 $(PY) benchmarks/$$script.py || exit 1; done

bench-gpu: ## every kernel checked and timed against torch on this machine's NVIDIA GPU
	@$(NEED_PYTHON)
	@if $(PYTHON) -c 'import matplotlib, torch, triton' 2>/dev/null; \
		then PYTHONPATH=src $(PYTHON) benchmarks/gpu.py; \
		else $(MAKE) environment && $(PY) benchmarks/gpu.py; fi

grade-demo: environment ## forty synthetic students, from a download to marks and a report
	@$(PY) tools/grade_demo.py

dist: environment-dev ## the helper package as a wheel in dist/, as Colab and others install it
	@rm -rf dist && $(PY) -m build --wheel --outdir dist . >/dev/null && rm -rf build && ls -sh dist/*.whl

environment:
	@$(NEED_PYTHON)
	@$(PYTHON) tools/environment.py student

environment-dev:
	@$(NEED_PYTHON)
	@$(PYTHON) tools/environment.py dev

browser:
	@command -v git >/dev/null || { echo "The tests need git: sudo apt-get install -y git"; exit 1; }
	@test -n "$(CHROMIUM)" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& echo "Installing Chromium" && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| { echo "The browser tests need Chromium. On Debian: sudo apt-get install -y chromium;" \
		"elsewhere install Google Chrome, or set CHROMIUM=/path/of/a/browser"; exit 1; }

clean: ## delete the environment, the built book and every cache (your notebooks stay)
	rm -rf .venv _build dist .ruff_cache .pytest_cache .hypothesis src/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
