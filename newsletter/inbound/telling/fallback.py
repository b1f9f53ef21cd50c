"""Stage 6: the last resort: what a library of others knows of mail systems that our own rules do not.

In: a message that a mail system wrote, and of which no rule of ours could tell whom it is about. Out: addresses. Pure.
"""

import logging
from email import message_from_bytes

from newsletter.inbound.telling.dsn import clean
from newsletter.inbound.telling.message import Part

#: Bytes that are looked at: mail systems speak first, and the parser of the standard library is not built for more.
LOOKED_AT = 20_000
#: It logs a traceback for whatever one of its detectors does not expect; addresses may stand in those.
logging.getLogger("flufl.bounce").disabled = True


def failed_addresses(message: Part) -> tuple[list[str], bool]:
    """Addresses to which nothing was delivered, and whether all of them may still be reached.

    The library says nothing of why; it knows permanent from temporary only by the form of the report.
    """
    from flufl.bounce import all_failures  # seldom needed, and it takes a while to load

    head = "".join(f"{name}: {value}\n" for name, value in message.fields if not name.startswith("received"))
    raw = head.encode("ascii", "replace")[:LOOKED_AT] + b"\n" + message.body[:LOOKED_AT]
    try:
        temporary, permanent = all_failures(message_from_bytes(raw))
    except Exception:  # of its parsers any error may come; then it knows nothing
        return [], False
    found = sorted(clean(one.decode("utf-8", "replace")) for one in temporary | permanent)
    return [one for one in found if one], not permanent
