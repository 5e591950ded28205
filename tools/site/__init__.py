"""The documentation as a site: `python -m tools.site`, which `make docs` calls. See "The site" in docs/design.md."""
