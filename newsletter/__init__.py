"""Event announcements and post-event reports by mail: composed, scheduled, sent once, answered by people."""

__version__ = "0.1.0"
