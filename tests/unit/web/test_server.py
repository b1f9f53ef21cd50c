"""The preview listens on this machine alone."""

from contextlib import closing

import pytest

from newsletter.errors import NewsletterError
from newsletter.web.server import listen


def test_only_this_machine_can_reach_it() -> None:
    with closing(listen(0)) as listener:
        host, port = listener.getsockname()
    assert host == "127.0.0.1"
    assert port > 0


def test_a_port_that_is_taken_is_said_with_the_way_out() -> None:
    with closing(listen(0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(NewsletterError, match=rf"port {port} is taken; choose another with --port"):
            listen(port)
