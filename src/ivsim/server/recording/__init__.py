"""Participants of stages, recorded as they come."""
