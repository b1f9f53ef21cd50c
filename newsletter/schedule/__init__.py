"""When: event-relative rules (pure) and the APScheduler runner."""
