"""What watching folders stands on: the system's events, polling where there are none, and files at rest."""
