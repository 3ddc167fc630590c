"""Articles A1, A3 and A4: ways of scaling compared."""
