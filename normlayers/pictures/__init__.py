"""Pictures of arrays: matplotlib only, no model, nothing measured."""
