"""Groups of contacts, static and dynamic."""
