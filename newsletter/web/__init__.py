"""The windows on it: the preview for staff, on loopback."""
