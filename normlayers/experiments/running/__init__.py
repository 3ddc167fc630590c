"""What every script shares: command line, log directory, progress, versions."""
