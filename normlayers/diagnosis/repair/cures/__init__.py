"""What cures a fault: changes of a plan."""
