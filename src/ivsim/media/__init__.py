"""Media, byte by byte: containers and what is in them. Knows nothing of ivsim, and does no input or output."""
