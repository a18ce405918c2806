"""Reading files: encodings, delimiters, sheets, JSON, dates, durations and time zones."""
