"""Claims of the articles, their evidence and verdicts."""
