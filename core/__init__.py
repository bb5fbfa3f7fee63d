"""Words and rules everyone shares: settings, errors, names, progress. Standard library only."""
