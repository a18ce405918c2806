"""Customers: history, peers, revenue and retention."""
