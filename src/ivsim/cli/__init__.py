"""The command `ivsim`."""
