"""Stage 4, durable hand-over: delivery and its states, enqueue, retry, worker."""
