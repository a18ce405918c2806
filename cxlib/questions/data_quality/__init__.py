"""Whether the data can be relied on."""
