"""Watches a model while it trains: probe, measures, boundary, event log."""
