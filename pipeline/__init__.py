"""Models of dystonia type and progression risk."""
