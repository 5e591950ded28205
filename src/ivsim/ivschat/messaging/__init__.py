"""Messaging: the frames that clients send and receive, and what else becomes of a message."""
