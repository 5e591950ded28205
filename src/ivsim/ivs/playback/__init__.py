"""Playback: the requests of viewers to the edge, and its answers."""
