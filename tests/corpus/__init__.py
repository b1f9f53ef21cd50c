"""Messages as they come back, each with what it is: written after the documented formats of mail programs."""
