"""Stage 3: premailer, loaded without a socket. The only import of premailer.

premailer loads requests, which we never use, and that binds a socket to find out whether there is IPv6. What must work
offline (a rehearsal, the preview) opens none, so while it loads Python says that there is no IPv6.
"""

import socket

_has_ipv6, socket.has_ipv6 = socket.has_ipv6, False
try:
    from premailer import Premailer
finally:
    socket.has_ipv6 = _has_ipv6

__all__ = ["Premailer"]
