"""Folders that change as a whole: locks that end with their process, lists of what we wrote, one switch."""
