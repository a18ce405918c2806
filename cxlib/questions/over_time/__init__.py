"""How figures move from month to month, and why."""
