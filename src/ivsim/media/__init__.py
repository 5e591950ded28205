"""Media, byte by byte: containers and their content. Knows nothing of ivsim, and does no input or output."""
