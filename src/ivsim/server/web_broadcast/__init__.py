"""Broadcasts from a browser: pages with AWS's web SDK that go live with a channel."""
