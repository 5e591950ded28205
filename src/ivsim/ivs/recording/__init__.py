"""Recording: the recordings of broadcasts on channels with a recording configuration."""
