"""Stage 6: the places that messages come from: IMAP folders, a Maildir, a folder of files, a listener for LMTP."""
