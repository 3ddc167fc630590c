"""The faults: each a small function of the evidence."""
