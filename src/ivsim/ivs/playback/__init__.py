"""Playback: what viewers ask the edge for, and what they get."""
