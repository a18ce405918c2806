"""How much arrives, when, and how many agents it takes."""
