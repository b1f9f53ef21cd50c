"""Stage 1, what we write about: series, event, programme, plan of mailings, and the event document."""
