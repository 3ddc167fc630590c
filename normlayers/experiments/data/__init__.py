"""Data that several experiments share, and ways to scale them."""
