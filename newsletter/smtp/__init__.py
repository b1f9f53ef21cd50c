"""Stage 5, the wire: SMTP session, reply classes, folder transport, local catch-all mailbox."""
