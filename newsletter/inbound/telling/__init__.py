"""Stage 6: messages told apart, in plain functions: the bytes of a message -> a verdict.

read       message, sender, quoting
tell       classify -> verdict
machines   bounces: dsn, mail_system, fallback, reasons · complaint · autoreply, absence, marks
people     unsubscribe · itip, calendar_answer
words      phrases/, in their languages, as data
"""
