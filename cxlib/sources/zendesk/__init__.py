"""Zendesk: exports, API answers and Fivetran tables."""
