"""What Basekeeper can do: one plain function each, that knows no face."""
