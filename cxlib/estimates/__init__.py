"""Figures of a query with their errors: tables of estimates, changes, what months have in common, the rows behind."""
