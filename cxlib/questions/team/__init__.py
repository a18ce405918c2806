"""Agents and teams: differences, workload, tenure and turnover."""
