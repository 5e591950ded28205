"""Stages on the port: the events WebSocket of clients that join them, and their media."""
