"""The decisions: the level of each global, which types move, how each function reaches the state."""
