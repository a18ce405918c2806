"""Inputs that are wrong, a table a module: words of the command line, settings, mappings, files."""
