# Every target is one line into the runner; what a step does is written there.
# `make run` and `make test` set everything up by themselves, once.
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: run test thorough-test infra-test airflow airflow-test dashboards dashboards-export screenshots lab notebooks
.PHONY: lint bench up down status clean docs docs-serve
.DEFAULT_GOAL := run

run: .venv/ready
	@$(BIN)/campuslake run

test: .venv/ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/run

# `make test` and what it leaves out for taking long: tests marked `thorough`, every fault everywhere.
thorough-test: .venv/ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/run --thorough

infra-test: .venv/ready
	@$(BIN)/pytest tests/infra

airflow: .venv/ready
	@$(BIN)/campuslake airflow up

airflow-test: .venv/ready
	@$(BIN)/pytest tests/airflow

lab: .venv/ready
	@$(BIN)/campuslake notebooks lab

notebooks: .venv/ready
	@$(BIN)/campuslake notebooks render

dashboards: .venv/ready
	@$(BIN)/campuslake dashboards up

dashboards-export: .venv/ready
	@$(BIN)/campuslake dashboards export

screenshots: .venv/ready
	@$(BIN)/campuslake dashboards screenshots

lint: .venv/ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/lint

bench: .venv/ready
	@$(BIN)/python -m benchmarks.pipeline $(SCALE)

up down status docs-serve: .venv/ready
	@$(BIN)/campuslake $@

docs: .venv/ready
	@$(BIN)/campuslake run --only docs

clean:
	@if [ -x $(BIN)/campuslake ]; then $(BIN)/campuslake clean --yes; fi
	@rm -rf target logs

# Made anew when the lock file changes, and only then.
.venv/ready: requirements/core.txt infra/set_up
	@PYTHON="$(PYTHON)" infra/set_up
