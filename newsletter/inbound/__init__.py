"""Stage 6: what comes back: messages are read, told apart, and find their way.

come in    sources/ (IMAP, LMTP, Maildir, folder) -> incoming -> intake; watch, patience, turn: who looks, and when
tell       message, sender, quoting -> classify -> verdict
           bounces: dsn, bounces, fallback, reasons · complaint · itip, calendar_answer
           people and machines: unsubscribe, autoreply, absence, marks · phrases/ holds the words
match      reference -> matching -> handling: which letter, and what proves it
handle     dispatch -> suppressing (policy), incidents, leaving, proposing and deciding, attendance (answering)
people     replies (threads, waiting) -> forward (routing; unchanged, wrapped, seven_bit)
"""
