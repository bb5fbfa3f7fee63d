"""What seeded rows look like: for each table a list of fields, and how each is made."""
