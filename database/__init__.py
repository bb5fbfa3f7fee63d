"""The engine room: how things are done to a database, whatever its kind."""
