# Thin: every target is a command of `python3 -m tools`, which says more with --help.
PYTHON ?= python3
STACK ?= dev
TOOLS = $(PYTHON) -m tools
VERBOSELY = $(if $(filter-out 0,$(VERBOSE)),--verbose)
IN_CONTEXT = $(if $(CONTEXT),--context "$(CONTEXT)")

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help up down status preview output tools test lint drill bench load-test clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-9s %s\n", $$1, $$2}'

up: ## find or build what is needed, run pulumi up here or on the stack's cloud, ask the model (STACK= CONTEXT= VERBOSE=1)
	@$(TOOLS) up --stack "$(STACK)" $(IN_CONTEXT) $(VERBOSELY)

down: ## destroy the stack and stop a cluster that was made here (STACK= KEEP=1)
	@$(TOOLS) down --stack "$(STACK)" $(if $(filter-out 0,$(KEEP)),--keep)

status: ## the machine, the tools, the cluster's processes, the stack (STACK=)
	@$(TOOLS) status --stack "$(STACK)"

preview: ## what up would change, its cost, the policy rules; no cluster, root or account needed (STACK= or STACK=all VERBOSE=1)
	@$(TOOLS) preview --stack "$(STACK)" $(IN_CONTEXT) $(if $(filter-out 0,$(VERBOSE)),--diff)

output: ## one output of the stack, secrets in clear: make -s output NAME=endpoint (STACK=)
	@$(TOOLS) output --stack "$(STACK)" $(NAME)

tools: ## find or build every program (NAME= for one)
	@$(TOOLS) build $(NAME)

test: ## lint, types, unit tests, then the real engine, cluster and stack
	@$(TOOLS) test $(VERBOSELY)

lint: ## ruff check and ruff format --check
	@$(TOOLS) lint

drill: ## faults on purpose, under traffic: etcd's leader killed 20 times, disks lost, servers broken; a table of promises
	@$(TOOLS) drill

bench: ## the figures of the stack's life, each beside its limit
	@$(TOOLS) bench

load-test: ## requests as the real client sends them, a report, a gate (STACK= PROFILE=peak RATE=4 SECONDS=60 ARGS=--help)
	@$(TOOLS) loadtest --stack "$(STACK)" -- $(if $(PROFILE),--profile $(PROFILE)) $(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

clean: ## stop the cluster and remove .tools/, but for the passphrase of stacks in your own backend
	@$(TOOLS) clean
