"""Data that several experiments share."""
