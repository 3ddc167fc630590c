"""All experiments in one go, and the report of them."""
