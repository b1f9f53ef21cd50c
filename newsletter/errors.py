"""Every error of newsletter, in one tree.

NewsletterError                 one sentence that names the place and the fix
├── SettingsError               a setting is missing or contradicts another
├── DocumentError               an event document has mistakes (all of them, as problems)
├── RecipientsError             a recipients file has mistakes (all of them, as problems)
├── RuleError                   a "when" or a window cannot be read
├── TemplateError               a template is missing, broken, or asks for what is not there
│   └── PlaceholderError        a placeholder has no value for one recipient
├── HeaderError                 a value cannot stand in a mail header
├── StoreError                  the store is missing, older or newer than this program
│   └── NotFoundError           no such series, event, mailing, list or subscriber
├── StateError                  a mailing cannot make this move from the state that it is in
├── CountError                  the number of recipients is not the number that was confirmed
├── SmtpError                   the mail server cannot be used at all (name, TLS, password)
└── InboundError                a mailbox that mail comes back to cannot be used (name, TLS, login)

Whose fault it is, is in the type. Expected outcomes (a refused letter, a row that cannot be imported) are values,
not errors: see `outbox.outcome.Outcome` and `Problem` below.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One mistake in something that a person wrote: where it is, what is wrong, and how to mend it."""

    file: str
    line: int  #: 1-based; 0 where the whole file is meant
    what: str
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f"; {self.fix}" if self.fix else "")


class NewsletterError(Exception):
    """Something that a person can mend; its text is one sentence."""


class SettingsError(NewsletterError):
    """A setting is missing or contradicts another."""


class ProblemsError(NewsletterError):
    """Mistakes in a file, all of them at once; nothing of the file was stored."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DocumentError(ProblemsError):
    """An event document has mistakes."""


class RecipientsError(ProblemsError):
    """A recipients file has mistakes."""


class RuleError(NewsletterError):
    """A "when" or a window of a plan cannot be read."""


class TemplateError(NewsletterError):
    """A template is missing, broken, or asks for what is not there."""


class PlaceholderError(TemplateError):
    """A placeholder has no value for one recipient."""

    def __init__(self, recipient: str, key: str) -> None:
        self.recipient, self.key = recipient, key
        super().__init__(
            f"recipient {recipient} has no value for {key}; "
            f"add it to the list, or write [[ {key} | default('…', true) ]] where it is used"
        )


class HeaderError(NewsletterError):
    """A value cannot stand in a mail header."""


class StoreError(NewsletterError):
    """The store is missing, or older or newer than this program."""


class NotFoundError(StoreError):
    """There is no such thing in the store."""

    def __init__(self, noun: str, slug: str, known: Sequence[str] = ()) -> None:
        there = f"there are: {', '.join(known)}" if known else f"there is no {noun} yet"
        super().__init__(f"there is no {noun} “{slug}”; {there}")


class StateError(NewsletterError):
    """A mailing cannot make this move from the state that it is in."""


class CountError(NewsletterError):
    """The number of recipients is not the number that was confirmed."""


class SmtpError(NewsletterError):
    """The mail server cannot be used at all: wrong name, no TLS, wrong password."""

    def __init__(self, sentence: str, *, is_our_fault: bool = False) -> None:
        self.is_our_fault = is_our_fault  #: the server turned us away for what we are; trying again mends nothing
        super().__init__(sentence)


class InboundError(NewsletterError):
    """A place that messages come from cannot be used now."""


def told(error: Exception) -> str:
    """An error in one sentence, on one line; one that nobody expected says its kind."""
    reason = " ".join(str(error).split())
    return reason if isinstance(error, NewsletterError) else f"unexpected {type(error).__name__}: {reason}"
