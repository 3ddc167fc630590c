"""Article A2's claims, on a thousand networks per arm."""
