"""Where a run goes: its folder, its event file, its pictures."""
