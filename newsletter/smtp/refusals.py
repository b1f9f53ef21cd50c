"""Stage 5: what servers mean by their refusals: a table.

In: nothing. Out: rules, the first that fits decides; `response.to_outcome` reads them.

The reply code decides and the status refines it (RFC 5321 §4.2.1, RFC 3463 §2); words decide only where providers give
one and the same code to an unknown recipient, to a block list and to a relay that wants a login. A code that nobody
knows counts as x00 of its class: rules name classes, and what is left over at the end is decided by class alone.

PERMANENT is of this recipient; OUR_FAULT is of us, and holds the whole mailing, or what of it goes to one domain
(`outbox.alarm.stops_all`). So what one organisation decides for itself is PERMANENT, though it says nothing of the
address: no waiting and no person of ours changes it.

Sources beside the RFCs:
IANA: "SMTP Enhanced Status Codes" registry (RFC 5248). Microsoft: "Email non-delivery reports in Exchange Online" and
"SMTP Authenticated Submission" (learn.microsoft.com). Google: "Gmail SMTP errors and codes" (support.google.com, answer
3726730). Yahoo: "SMTP Error Codes" (senders.yahooinc.com). Apple: "Postmaster information for iCloud Mail" (its replies
name the page). Postfix, Exim, Sendmail, qmail: the sentences of their sources and default configurations.
"""

import re
from typing import NamedTuple

from newsletter.outbox.outcome import OutcomeKind
from newsletter.outbox.retry import FULL_WORDS

SENT, TEMPORARY, PERMANENT = OutcomeKind.SENT, OutcomeKind.TEMPORARY, OutcomeKind.PERMANENT
IN_DOUBT, OUR_FAULT = OutcomeKind.IN_DOUBT, OutcomeKind.OUR_FAULT

#: The steps of a session in which a server speaks; `letter` is its reply to the final dot.
PHASES = ("connect", "ehlo", "tls", "auth", "mail", "rcpt", "data", "letter")
#: Where a reply can be about a recipient. Postfix gives its refusal of a client or sender at RCPT too
#: (smtpd_delay_reject), a content filter at DATA or after the dot.
RECIPIENT = "rcpt data letter"


class Rule(NamedTuple):
    """A reply to which all of this applies; empty: any."""

    phases: str
    codes: str  #: reply codes, or the first digits of them
    statuses: str  #: RFC 3463 status without its class: "7.1", "7.20-30"
    words: re.Pattern[str] | None
    kind: OutcomeKind


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


#: We are too fast; the same letter is taken later.
SLOW_DOWN = _words(
    r"\brate[- ]?limit",
    r"\btoo (?:many (?!hops|\"?received)|quickly|fast\b|much mail)",
    r"\bper (?:hour|minute)\b",
    r"\b(?:unusual rate|unexpected volume|excessive volume|at a rate that)",
    r"\bslow(?:er| down)\b|\bthrottl",
    r"\bconcurrent connections|\bthread limit exceeded|\b(?:connection|relay) (?:rate )?limit",
)
#: RFC 6647 §2: an unknown sender is asked to come back; that is no matter of speed.
GREYLISTED = _words(r"\bgr[ae]y-? ?list")
LATER = _words(r"\btry (?:it )?again (?:later|in )|\btry later\b|\bat a later time\b")
#: The account that we submit with has sent what it may, or can keep no more copies.
QUOTA = _words(
    r"STOREDRV\.Submission|submission ?quota", r"\bdaily (?:\w+ ){0,3}limit\b", r"\bsending (?:limit|quota)\b"
)
#: What an organisation decided for itself.
THEIRS = _words(
    r"customer block list",
    r"\b(?:rejected|refused|blocked|denied|black ?listed) by (?:the |this )?(?:recipient|user)\b",
    r"\borgani[sz]ation(?:al)? (?:policy|settings)|TRANSPORT\.RULES|RESOLVER\.RST|\bgcdp\b|has a policy that prohibit",
)
RELAY_DENIED = _words(
    r"\brelay(?:ing)?,? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited)|\bno relaying\b",
    r"\b(?:unable|not (?:allowed|permitted|authori[sz]ed)) to relay\b|\ballowed rcpthosts\b|\bsending denied\b",
    r"\binvalid credentials\b|\bauthentication (?:is )?required\b|\bclient was not authenticated\b",
)
SENDER_REFUSED = _words(
    r"\bsender (?:address )?(?:rejected|verify failed|verification failed)|\bdomain of sender\b|\bnot owned by user\b",
    r"\bclient host rejected|\bhelo command rejected|\breverse (?:dns|hostname)|\bfind your hostname|\bPTR record",
    r"\bIP you're using to send\b|\b(?:DMARC|SPF|DKIM)\b|\bunauthenticated\b|\bauthentication (?:information|checks)\b",
)
LISTED = _words(
    r"\bblocked using\b|(?<!not )(?<!n't )\blisted (?:at|in|on|by)\b|\bblock ?list|\bblack ?list|\b(?:DNSBL|RBL)\b",
    r"\bspamhaus|\bspamcop|\bdnsbl-lookup|\bcsi\.cloudmark|\breputation\b|\bbanned send|\bbanned IP\b",
    r"\bS31[45]0\b|\b(?:SC|DY|OU)-00\d\b|\bAUP#|\[(?:BL|TSS?|CS|HM|PH)\d+\]",
    r"\bfor policy reasons\b|\blocal policy\b",
)
TOO_LARGE = _words(
    r"\b(?:message|mail|size)\b.{0,20}\b(?:too (?:large|big)|exceed)", r"\bexceed\w* .{0,30}\bsize\b|\bsize limits?\b"
)
UNWANTED = _words(
    r"\bspam\b|\bunsolicited\b|\bjunk ?mail|\bsuspicious\b|\bphishing\b|\bvirus|\bmalware\b|\binfected\b",
    r"\bcontent (?:was |has been )?(?:rejected|refused|blocked|not accepted)|\bdue to content|\bbanned content",
    r"\bpotential security issue|\bRFC\b.{0,25}\bcomplian",
    r"\b(?:missing|multiple|duplicate|malformed)\b.{0,40}\bheaders?\b",
)

RULES = (
    # Taken: RFC 5321 §4.2.1. Only the reply to the final dot says so (§4.1.1.4).
    Rule("letter", "2", "", None, SENT),
    # RFC 4954 §6: "a password transition is needed" comes with a 4yz code, and no waiting helps.
    Rule("auth", "432", "7.12", None, OUR_FAULT),
    # RFC 5321 §4.2.1: 4yz "try again". Also 4.7.x of Gmail (421 4.7.26 unauthenticated, 421 4.7.28 rate) and Microsoft
    # (451 4.7.500-699): both say that the same letter may be taken later.
    Rule("", "4", "", None, TEMPORARY),
    # A login is wanted, refused, too weak or not secured: RFC 4954 §6; 523 to 525: IANA X.7.10, X.7.11, X.7.13.
    Rule("", "523 524 525 530 534 535 538", "", None, OUR_FAULT),
    # Google 550 5.4.5 and 5.7.1 "daily limit"; Microsoft 5.1.90 (the same), 5.2.252 SendAsDenied, and 554 5.2.0 and
    # 5.2.2 with STOREDRV.Submission.
    Rule("", "5", "1.90 2.252", None, OUR_FAULT),
    Rule("", "5", "", QUOTA, OUR_FAULT),
    # Addresses that do not exist: RFC 3463 §3.2, RFC 7505 (5.1.10, null MX); Microsoft 5.1.1 to 5.1.20 without the
    # two that speak of the sender (5.1.7, 5.1.8).
    Rule(RECIPIENT, "5", "1.1-4 1.6 1.9-20", None, PERMANENT),
    # A full mailbox is emptied one day: RFC 3463 §3.3 X.2.2, whatever the class. 552 to RCPT: RFC 5321 §4.5.3.1.10.
    Rule(RECIPIENT, "5", "2.2", None, TEMPORARY),
    Rule(RECIPIENT, "5", "", FULL_WORDS, TEMPORARY),
    # Microsoft 5.2.121 and 5.2.122: too many letters in an hour to this recipient. IANA X.5.3: too many recipients.
    Rule("", "5", "2.121-122 5.3", None, TEMPORARY),
    # Closed groups and mailboxes, and block lists of one organisation. IANA X.7.2 (list), X.7.17 and X.7.18 (the owner
    # changed, RFC 7293); Microsoft 5.7.12, 5.7.13, 5.7.124 to 5.7.136, 5.7.51 (its connector), 5.7.504, 505, 507, 510
    # (no IPv6), 513, and 5.7.9xx, which its mail flow rules use.
    Rule(RECIPIENT, "5", "7.2 7.12-13 7.17-18 7.51 7.124-136 7.504-505 7.507 7.510 7.513 7.900-999", None, PERMANENT),
    # The sender: RFC 3463 §3.2 X.1.7, X.1.8; RFC 7505 X.7.27. Login and encryption: RFC 4954 §6 X.7.8, X.7.9,
    # X.7.11; IANA X.7.10, X.7.14; Yahoo says 554 5.7.9 for DMARC and policy. Signatures: RFC 3463 §3.8 X.7.5, X.7.7.
    Rule(RECIPIENT, "5", "1.7-8 7.5 7.7-11 7.14", None, OUR_FAULT),
    # RFC 7372 §3: X.7.20 to X.7.22 DKIM, X.7.23 and X.7.24 SPF, X.7.25 reverse DNS, X.7.26 more than one. IANA X.7.28
    # flood, X.7.29 ARC, X.7.30 TLS. Google adds 5.7.27 SPF, 5.7.30 DKIM, 5.7.32 alignment, 5.7.40 no DMARC.
    Rule(RECIPIENT, "5", "7.20-30 7.32 7.40", None, OUR_FAULT),
    # Microsoft: 5.7.54 and 5.7.64 relay, 5.7.57 no login, 5.7.60 "send as"; banned senders and addresses 5.7.501-503,
    # 508, 511, 606-649; 506 HELO; 509 and 515 authentication; 512 From; 700-750 the tenant.
    Rule(RECIPIENT, "5", "7.54 7.57 7.60 7.64 7.501-503 7.506 7.508-509 7.511-512 7.515", None, OUR_FAULT),
    Rule(RECIPIENT, "5", "7.600-899", None, OUR_FAULT),
    # The same without a status of its own. First what passes by itself: Google 550 5.2.1 "at a rate that prevents" and
    # 550 5.7.1 "rate limited", hosters' "max emails per hour"; greylisting with a code for good.
    Rule("", "5", "", SLOW_DOWN, TEMPORARY),
    Rule("", "5", "", GREYLISTED, TEMPORARY),
    # Whatever went wrong before a recipient was named is ours. RFC 5321 §3.1 (554 as a greeting), RFC 7504
    # (521, 556); at MAIL the sender or the size is refused (RFC 1870 §6.1).
    Rule("connect ehlo tls auth mail", "5", "", None, OUR_FAULT),
    # 5.7.1 is all of these (RFC 3463 §3.8: "delivery not authorized"): Google's "gcdp" and Exchange's TRANSPORT.RULES
    # are of the recipient's organisation; relay, sender, client and block list are of us.
    Rule(RECIPIENT, "5", "", THEIRS, PERMANENT),
    Rule(RECIPIENT, "5", "", RELAY_DENIED, OUR_FAULT),
    Rule(RECIPIENT, "5", "", SENDER_REFUSED, OUR_FAULT),
    Rule(RECIPIENT, "5", "", LISTED, OUR_FAULT),
    # Nobody has seen the letter when RCPT is refused for its size; Microsoft is known to say so and to take the same
    # letter later. After MAIL with SIZE and after the letter it is meant (RFC 1870 §6.1, RFC 3463 §3.4 X.3.4). X.2.3 is
    # the limit of one mailbox.
    Rule("rcpt", "5", "3.4", None, TEMPORARY),
    Rule("rcpt", "5", "", TOO_LARGE, TEMPORARY),
    Rule("rcpt", "552", "", None, TEMPORARY),
    Rule("data letter", "5", "2.3", None, PERMANENT),
    Rule("data letter", "5", "3.4", None, OUR_FAULT),
    Rule("data letter", "5", "", TOO_LARGE, OUR_FAULT),
    # The letter itself: RFC 3463 §3.7 X.6.x; spam and virus filters, Google 552 5.7.0 and its "RFC 5322 compliant".
    Rule("data letter", "5", "6.0-999", None, OUR_FAULT),
    Rule("data letter", "5", "", UNWANTED, OUR_FAULT),
    # Microsoft 5.4.1 "Recipient address rejected: Access denied": there is no such recipient (Directory Based Edge
    # Blocking). Every other X.4.1 says that a host did not answer.
    Rule(RECIPIENT, "5", "", _words(r"recipient address rejected"), PERMANENT),
    # RFC 3463 §3.4 and §3.5 call these useful "only as a persistent transient error": X.3.1 system full, X.4.1 no
    # answer, X.4.2 bad connection, X.4.3 directory, X.4.5 congestion. X.3.2 and X.3.5: their system is not in order.
    Rule(RECIPIENT, "5", "3.1-2 3.5 4.1-3 4.5 4.316", None, TEMPORARY),
    # RFC 5321 §4.2.1 forbids to repeat a refused command "in the same sequence"; another session is another sequence.
    Rule(RECIPIENT, "5", "5.1", None, TEMPORARY),
    Rule(RECIPIENT, "500 502 503", "", None, TEMPORARY),
    Rule(RECIPIENT, "5", "", LATER, TEMPORARY),
    # What is left: RFC 5321 §4.2.1, 5yz "do not repeat", and codes that make no sense in their phase.
    Rule("", "5", "", None, PERMANENT),
    Rule("letter", "", "", None, IN_DOUBT),
    Rule("", "", "", None, TEMPORARY),
)
