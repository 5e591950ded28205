"""What every service shares. Knows the wire, and no service."""
