"""The planned sessions with their logs."""
