"""Ingest: the way of a broadcast into the service, its limits, and the renditions made of it."""
