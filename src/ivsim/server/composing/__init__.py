"""Compositions with the real media of a stage: decoded, composed and encoded, for the channel that they go to."""
