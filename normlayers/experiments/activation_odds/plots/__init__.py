"""Figures that only this experiment draws: arrays in, figures out."""
