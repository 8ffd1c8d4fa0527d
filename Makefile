# Copyright (c) 2026, the postmaster.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every target sets up what it needs, outside this checkout: see tests/tools/venv.sh.

VENV := tests/tools/venv.sh
PARK := $(VENV) sh -c 'PYTHONPATH=$$POSTMASTER_TREE:tests/lab exec python "$$@"' sh
LAB := $(VENV) python tests/lab/lab.py
RUN := $(VENV) python tests/tools/run_all.py

.DEFAULT_GOAL := help
.PHONY: help venv demo lab images clean-lab test test-quick lint unit fuzz integration differential molecule bench bench-facts rightness build format readme record-senders

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

venv: ## install missing Debian packages and make the virtual environment
	@$(VENV)

demo: ## cure a Postfix and a sendmail that refuse modern senders, side by side, in the lab
	@tests/lab/demo.sh

lab: ## start the lab and leave it running
	@$(LAB) up

images: ## build the container images of every Debian release
	@$(LAB) images

clean-lab: ## end the lab
	@$(LAB) down

test: ## everything: lint, unit, fuzz, integration, molecule
	@$(RUN)

test-quick: ## what takes less than a minute: linters, types, unit tests
	@$(RUN) quick

lint: ## linters, types, documentation, licences, build, ansible-test sanity
	@$(RUN) lint

unit: ## unit tests
	@$(RUN) unit

fuzz: ## any bytes for what reads the bytes of servers, 5 minutes; SECONDS=1800 for longer
	@$(VENV) python tests/fuzz/run.py --seconds $(or $(SECONDS),300)

integration: ## tests against the lab
	@$(RUN) integration

differential: ## what is predicted beside what is probed: 220 generated configurations on every Debian release
	@$(VENV) python tests/differential/differential.py

molecule: ## the roles on a Postfix and a sendmail of every Debian release
	@$(RUN) molecule

bench: ## measure the probe beside its peers, and write docs/performance.md
	@$(PARK) tests/benchmarks/bench.py $(BENCH)

bench-facts: ## what the facts of a host cost, beside postconf -n over the same ssh
	@$(VENV) python tests/benchmarks/facts_cost.py $(BENCH)

rightness: ## compare the probe with other scanners on some ninety live servers
	@$(PARK) tests/integration/rightness/compare.py $(RIGHTNESS)

build: ## the tarball, in dist/
	@$(VENV) ansible-galaxy collection build --force --output-path dist

format: readme ## format the Python code and write the tables of the READMEs
	@$(VENV) ruff format .

readme: ## write the tables of the READMEs and of docs
	@$(VENV) python tests/tools/role_readme.py --write
	@$(VENV) python tests/tools/findings_page.py --write
	@$(VENV) python tests/tools/senders_page.py --write

record-senders: ## record the hellos of real senders again, and compare
	@$(VENV) python tests/tools/record_senders.py
