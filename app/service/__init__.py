"""The business: rules, permissions and stores. Nothing in here knows Flask or HTTP."""
