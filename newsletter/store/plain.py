"""Memory: text of anybody's making, as every database takes it.

In: text out of a message. Out: the same on one line, without what cannot be shown; PostgreSQL takes no NUL at all.
"""


def plain(text: str, most: int) -> str:
    """At most so many characters; a space for each that cannot be printed."""
    return "".join(one if one.isprintable() else " " for one in text[:most])
