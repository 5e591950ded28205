"""Messaging: the frames that clients send and receive, and the review and logging of messages."""
