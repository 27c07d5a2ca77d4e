"""Many creates, updates and deletes in one request."""
