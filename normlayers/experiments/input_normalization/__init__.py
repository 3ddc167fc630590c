"""Article A0: networks without and with standardized inputs."""
