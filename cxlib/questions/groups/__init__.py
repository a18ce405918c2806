"""How groups differ, and what is associated with a figure."""
