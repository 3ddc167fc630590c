"""What every experiment shares: command line, log directory, arms, progress bar, versions."""
