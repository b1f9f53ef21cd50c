"""Stage 3, event + template -> mailing -> letter: two template stages, inlined CSS, plain text, calendar, MIME."""
