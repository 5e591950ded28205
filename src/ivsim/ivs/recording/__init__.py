"""Recording: what becomes of a broadcast on a channel with a recording configuration."""
