"""Stage 6: what comes back: messages are read, told apart, and find their way.

come in    sources/ (IMAP, LMTP, Maildir, folder) -> incoming -> intake; watch, patience, turn: who looks, and when
tell       telling/: what kind of message it is
match      reference -> matching -> handling: which letter, and what proves it
handle     dispatch -> suppressing (policy), incidents, leaving, proposing and deciding, attendance (answering)
people     replying/: what a person wrote finds its way to a person
"""
