"""SQLite: its adapter and what that is made of."""
