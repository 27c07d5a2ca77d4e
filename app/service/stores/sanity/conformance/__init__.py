"""What the live Content Lake really does, fact by fact, beside what this program assumes."""
