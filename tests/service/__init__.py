"""The service alone, over a store in memory: rules and permissions without HTTP or files."""
