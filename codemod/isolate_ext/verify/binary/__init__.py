"""What a built library keeps in static storage, and what became of its functions."""
