"""A dataset as its operator looks after it: what is odd in it, and how it is brought up to date."""
