"""What the sources alone show of references: who is visited, who is released, and when."""
