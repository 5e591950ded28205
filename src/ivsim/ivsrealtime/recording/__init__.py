"""Recording: the recordings of participants who publish, each by itself, and of compositions."""
