"""Stage 3½, before a mailing goes out: what is wrong with it, where, and how to mend it."""
