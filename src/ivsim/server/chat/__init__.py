"""Chat on the port: WebSockets, and the review of messages by a program over HTTP."""
