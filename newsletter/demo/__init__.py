"""A sample series for the first run."""
