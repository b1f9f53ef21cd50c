"""Stage 6: what comes back: messages are read, told apart, and find their way."""
