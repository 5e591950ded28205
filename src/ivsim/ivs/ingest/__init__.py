"""Ingest: how a broadcast comes in, what it may be, and which renditions are made of it."""
