"""Results: what the answer to a question consists of, frozen, in printed units."""
