"""What a reader sees of a result: sentences, charts and tables, one renderer a type of result."""
