"""Controls: what must pass the ladder as it is, and what must fail it."""
