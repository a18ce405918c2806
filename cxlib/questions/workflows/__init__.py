"""Workflows and self-service: reach, outcomes, what to automate or write about."""
