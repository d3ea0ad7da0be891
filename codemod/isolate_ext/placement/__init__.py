"""The decisions: the level of each global, which types move, how functions reach the state."""
