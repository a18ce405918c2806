"""The data folder: its tables, its versions, switched at once, and its locks."""
