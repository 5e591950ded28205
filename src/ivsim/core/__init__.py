"""The parts that every service shares. They know the wire, and no service."""
