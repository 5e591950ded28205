"""What recordings of all services have in common: handles on them, their objects, media that are made when read."""
