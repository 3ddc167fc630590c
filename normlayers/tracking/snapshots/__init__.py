"""What is recorded of each observation for the view of a run."""
