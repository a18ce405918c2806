"""Any table by a mapping file."""
