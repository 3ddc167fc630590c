"""Figures that several experiments share: arrays in, figures out."""
