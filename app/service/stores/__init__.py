"""Where the documents live: one port, two stores (`sanity`, `sqlite`)."""
