"""What a reply means, by phase, code, status and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.outbox.outcome import LONGEST, Outcome, OutcomeKind
from newsletter.smtp.refusals import PHASES, RULES
from newsletter.smtp.response import is_throttled, shown, throttle_scope, to_outcome

SENT, TEMPORARY, PERMANENT = OutcomeKind.SENT, OutcomeKind.TEMPORARY, OutcomeKind.PERMANENT
IN_DOUBT, OUR_FAULT = OutcomeKind.IN_DOUBT, OutcomeKind.OUR_FAULT
#: A throttled reply is a temporary one after which to slow down.
THROTTLED = "throttled"


@pytest.mark.parametrize(
    ("phase", "code", "kind"),
    [
        ("letter", 250, SENT),
        ("letter", 251, SENT),
        ("letter", 299, SENT),
        ("letter", 421, TEMPORARY),
        ("letter", 451, TEMPORARY),
        ("letter", 499, TEMPORARY),
        ("letter", 552, PERMANENT),
        ("letter", 554, PERMANENT),
        ("letter", 599, PERMANENT),
        ("rcpt", 450, TEMPORARY),
        ("rcpt", 477, TEMPORARY),
        ("rcpt", 550, PERMANENT),
        ("rcpt", 501, PERMANENT),
        ("rcpt", 551, PERMANENT),
        ("rcpt", 552, TEMPORARY),
        ("rcpt", 553, PERMANENT),
        ("rcpt", 556, PERMANENT),
        ("rcpt", 577, PERMANENT),
        *(("rcpt", code, OUR_FAULT) for code in (523, 524, 525, 530, 534, 535, 538)),
        *(("rcpt", code, TEMPORARY) for code in (500, 502, 503)),
        ("mail", 550, OUR_FAULT),
        ("mail", 552, OUR_FAULT),
        ("mail", 555, OUR_FAULT),
        ("mail", 451, TEMPORARY),
        ("mail", 452, TEMPORARY),
        ("data", 503, TEMPORARY),
        ("data", 554, PERMANENT),
        ("connect", 421, TEMPORARY),
        ("connect", 554, OUR_FAULT),
        ("connect", 521, OUR_FAULT),
        ("connect", 556, OUR_FAULT),
        ("ehlo", 504, OUR_FAULT),
        ("tls", 454, TEMPORARY),
        ("tls", 502, OUR_FAULT),
        ("auth", 454, TEMPORARY),
        ("auth", 534, OUR_FAULT),
        ("auth", 535, OUR_FAULT),
        ("auth", 538, OUR_FAULT),
        # Codes that make no sense: nothing was handed over before the letter, and nobody can tell after it.
        ("data", 354, TEMPORARY),
        ("data", 250, TEMPORARY),
        ("mail", 354, TEMPORARY),
        ("connect", 250, TEMPORARY),
        ("rcpt", -1, TEMPORARY),
        ("rcpt", 600, TEMPORARY),
        ("letter", -1, IN_DOUBT),
        ("letter", 0, IN_DOUBT),
        ("letter", 25, IN_DOUBT),
        ("letter", 150, IN_DOUBT),
        ("letter", 354, IN_DOUBT),
        ("letter", 999, IN_DOUBT),
        ("letter", 5500, IN_DOUBT),
        ("folder", 550, PERMANENT),
        ("folder", 250, TEMPORARY),
    ],
)
def test_a_code_by_itself_is_decided_by_its_class_and_phase(phase: str, code: int, kind: OutcomeKind) -> None:
    assert to_outcome(phase, code, "x").kind is kind


POSTFIX = [
    ("rcpt", 550, "5.1.1 <a@example.nl>: Recipient address rejected: User unknown in virtual mailbox table", PERMANENT),
    ("rcpt", 550, "5.1.2 <a@example.nl>: Recipient address rejected: Domain not found", PERMANENT),
    (
        "rcpt",
        556,
        "5.1.10 <a@example.nl>: Recipient address rejected: Domain example.nl does not accept mail",
        PERMANENT,
    ),
    ("rcpt", 504, "5.5.2 <a>: Recipient address rejected: need fully-qualified address", PERMANENT),
    ("rcpt", 450, "4.1.1 <a@example.nl>: Recipient address rejected: unverified address", TEMPORARY),
    ("rcpt", 554, "5.7.1 <a@example.nl>: Recipient address rejected: Access denied", PERMANENT),
    (
        "rcpt",
        450,
        "4.2.0 <a@example.nl>: Recipient address rejected: Greylisted, see http://postgrey.example.org",
        TEMPORARY,
    ),
    ("rcpt", 550, "5.7.1 <a@example.nl>: Recipient address rejected: Greylisted for 5 minutes", TEMPORARY),
    ("rcpt", 554, "5.7.1 <a@example.nl>: Relay access denied", OUR_FAULT),
    ("rcpt", 553, "5.7.1 <b@example.org>: Sender address rejected: not owned by user news", OUR_FAULT),
    ("rcpt", 550, "5.1.8 <b@example.org>: Sender address rejected: Domain not found", OUR_FAULT),
    (
        "rcpt",
        550,
        "5.7.27 <b@example.org>: Sender address rejected: Domain example.org does not accept mail",
        OUR_FAULT,
    ),
    ("rcpt", 550, "5.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", OUR_FAULT),
    ("rcpt", 554, "5.7.1 <mx[192.0.2.1]>: Client host rejected: Access denied", OUR_FAULT),
    ("rcpt", 504, "5.5.2 <mx>: Helo command rejected: need fully-qualified hostname", OUR_FAULT),
    ("rcpt", 554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example.org", OUR_FAULT),
    ("rcpt", 530, "5.7.0 Must issue a STARTTLS command first", OUR_FAULT),
    ("rcpt", 550, "5.7.23 <a@example.nl>: Recipient address rejected: Message rejected due to: SPF fail", OUR_FAULT),
    ("rcpt", 552, "5.2.2 <a@example.nl>: Recipient address rejected: mailbox is full", TEMPORARY),
    ("rcpt", 450, "4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", THROTTLED),
    ("connect", 421, "4.7.0 mx.example.nl Error: too many connections from 192.0.2.1", THROTTLED),
    ("mail", 450, "4.7.1 Error: too much mail from 192.0.2.1", THROTTLED),
    ("rcpt", 452, "4.5.3 Error: too many recipients", THROTTLED),
    ("mail", 452, "4.3.1 Insufficient system storage", TEMPORARY),
    ("mail", 421, "4.4.2 mx.example.nl Error: timeout exceeded", TEMPORARY),
    ("mail", 552, "5.3.4 Message size exceeds fixed limit", OUR_FAULT),
    ("letter", 552, "5.3.4 Error: message file too big", OUR_FAULT),
    ("letter", 451, "4.3.0 Error: queue file write error", TEMPORARY),
    ("letter", 550, "5.7.1 Message content rejected", OUR_FAULT),
    ("letter", 554, "5.7.0 Reject, id=1-02 - spam", OUR_FAULT),
    ("letter", 554, "5.4.6 Too many hops", PERMANENT),
    ("data", 554, "5.5.1 Error: no valid recipients", TEMPORARY),
    ("data", 503, "5.5.1 Error: need RCPT command", TEMPORARY),
    ("letter", 250, "2.0.0 Ok: queued as 4F2A1", SENT),
]
EXIM_AND_OTHERS = [
    ("rcpt", 550, "Unrouteable address", PERMANENT),
    ("rcpt", 550, "No Such User Here", PERMANENT),
    ("rcpt", 550, "Administrative prohibition", PERMANENT),
    ("rcpt", 550, "relay not permitted", OUR_FAULT),
    ("rcpt", 550, "Verification failed for <b@example.org>\nUnrouteable address\nSender verify failed", OUR_FAULT),
    ("rcpt", 451, "Temporary local problem - please try later", TEMPORARY),
    ("rcpt", 451, "Greylisting in action, please come back later", TEMPORARY),
    ("rcpt", 550, "192.0.2.1 is listed at bl.example.org", OUR_FAULT),
    ("rcpt", 550, "<a@example.nl> User a not listed in Domino Directory", PERMANENT),
    (
        "letter",
        550,
        "Domain example.org has exceeded the max emails per hour (120/100) allowed. Message discarded.",
        THROTTLED,
    ),
    ("letter", 552, "Message size exceeds maximum permitted", OUR_FAULT),
    ("letter", 552, "mailbox of a@example.nl is full", TEMPORARY),
    ("rcpt", 550, "User is over quota", TEMPORARY),
    ("rcpt", 550, "sorry, no mailbox here by that name (#5.1.1)", PERMANENT),
    ("rcpt", 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", OUR_FAULT),
    ("rcpt", 550, "#5.1.0 Address rejected.", PERMANENT),
    ("letter", 552, "#5.3.4 message size exceeds limit", OUR_FAULT),
    ("connect", 554, "Your access to this mail system has been rejected due to poor reputation", OUR_FAULT),
    ("rcpt", 551, "User not local", PERMANENT),
    ("rcpt", 550, "5.4.4 Unable to route: no mail servers for example.nl", PERMANENT),
    ("rcpt", 550, "5.4.1 No answer from host", TEMPORARY),
    ("rcpt", 554, "5.3.2 System not accepting network messages", TEMPORARY),
    ("rcpt", 550, "5.7.2 You may not post to this list", PERMANENT),
    ("rcpt", 550, "5.7.17 Mailbox owner has changed", PERMANENT),
    ("rcpt", 553, "5.6.7 Non-ASCII addresses not permitted", PERMANENT),
    ("letter", 554, "5.6.0 Message is malformed", OUR_FAULT),
    ("letter", 550, "5.7.20 No passing DKIM signature found", OUR_FAULT),
    ("letter", 554, "Message rejected due to content restrictions", OUR_FAULT),
    ("rcpt", 550, "Rejected by recipient", PERMANENT),
    ("auth", 432, "4.7.12 A password transition is needed", OUR_FAULT),
    ("auth", 535, "5.7.8 Error: authentication failed", OUR_FAULT),
    ("rcpt", 554, "Service is busy, please try again later", TEMPORARY),
]
MICROSOFT = [
    ("rcpt", 550, "5.4.1 Recipient address rejected: Access denied. [AM1.example.prod.outlook.com]", PERMANENT),
    ("rcpt", 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", PERMANENT),
    ("rcpt", 550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", PERMANENT),
    ("rcpt", 550, "5.7.134 RESOLVER.RST.SenderNotAuthenticatedForMailbox; authentication required", PERMANENT),
    ("rcpt", 550, "5.7.12 Sender was not authenticated by organization", PERMANENT),
    ("letter", 550, "5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", PERMANENT),
    ("rcpt", 550, "5.7.513 Client host [192.0.2.1] blocked by example.nl using Customer Block list", PERMANENT),
    ("rcpt", 550, "5.7.1 Service unavailable, client host blocked using Customer Block list (AS16012607)", PERMANENT),
    ("mail", 530, "5.7.57 Client not authenticated to send mail.", OUR_FAULT),
    ("letter", 554, "5.2.252 SendAsDenied; news@example.org not allowed to send as b@example.org", OUR_FAULT),
    ("letter", 550, "5.7.60 SMTP; Client does not have permissions to send as this sender", OUR_FAULT),
    ("rcpt", 550, "5.7.64 TenantAttribution; Relay Access Denied", OUR_FAULT),
    ("rcpt", 550, "5.7.1 Unable to relay", OUR_FAULT),
    ("rcpt", 550, "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent: on our block list (S3140).", OUR_FAULT),
    ("rcpt", 550, "5.7.511 Access denied, banned sender[192.0.2.1].", OUR_FAULT),
    ("rcpt", 550, "5.7.606 Access denied, banned sending IP [192.0.2.1].", OUR_FAULT),
    ("rcpt", 550, "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", OUR_FAULT),
    ("letter", 550, "5.7.509 Access denied, sending domain example.org does not pass DMARC verification", OUR_FAULT),
    ("letter", 550, "5.7.515 Access denied, sending domain example.org doesn't meet the required level", OUR_FAULT),
    ("letter", 554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", OUR_FAULT),
    ("letter", 554, "5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException", OUR_FAULT),
    ("rcpt", 550, "5.1.90 Your message can't be sent because you've reached your daily limit", OUR_FAULT),
    ("letter", 554, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", TEMPORARY),
    ("letter", 550, "5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", PERMANENT),
    ("letter", 552, "5.3.4 Message size exceeds fixed maximum message size", OUR_FAULT),
    ("rcpt", 552, "5.3.4 Message is too large", TEMPORARY),
    ("rcpt", 550, "Message is too large", TEMPORARY),
    ("letter", 554, "5.2.122 The recipient has exceeded their limit of messages they can receive per hour.", TEMPORARY),
    ("rcpt", 451, "4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS843)", THROTTLED),
    (
        "mail",
        451,
        "4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation",
        THROTTLED,
    ),
    ("letter", 432, "4.3.2 Concurrent connections limit exceeded. Visit https://example.com/concurrent", THROTTLED),
    ("letter", 432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", THROTTLED),
    ("rcpt", 550, "SC-001 (BAY1) Unfortunately, messages from 192.0.2.1 weren't sent.", OUR_FAULT),
]
GOOGLE = [
    ("rcpt", 550, "5.1.1 The email account that you tried to reach does not exist. - gsmtp", PERMANENT),
    ("rcpt", 550, "5.2.1 The email account that you tried to reach is inactive. - gsmtp", PERMANENT),
    (
        "rcpt",
        550,
        "5.2.1 The user you are trying to contact is receiving email at a rate that prevents more",
        TEMPORARY,
    ),
    ("rcpt", 450, "4.2.1 The user you are trying to contact is receiving email too quickly. - gsmtp", TEMPORARY),
    ("rcpt", 450, "4.2.1 Peak SMTP relay limit exceeded for this customer. - gsmtp", THROTTLED),
    ("rcpt", 452, "4.2.2 The recipient's inbox is out of storage space. - gsmtp", TEMPORARY),
    ("rcpt", 552, "5.2.2 The recipient's inbox is out of storage space and inactive. - gsmtp", TEMPORARY),
    ("letter", 421, "4.7.28 Gmail has detected an unusual rate of email. - gsmtp", THROTTLED),
    ("letter", 421, "4.7.26 This email has been rate limited because it is unauthenticated. - gsmtp", THROTTLED),
    ("mail", 421, "4.7.0 Connection expired, try reconnecting. - gsmtp", TEMPORARY),
    (
        "letter",
        550,
        "5.7.26 This email has been blocked\n5.7.26 because the sender is unauthenticated. - gsmtp",
        OUR_FAULT,
    ),
    ("letter", 550, "5.7.30 This message was blocked because it didn't pass DKIM authentication. - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.28 There is an unusual rate of unsolicited email from your IP address. - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.1 This message is likely unsolicited email. - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.1 likely suspicious due to the very low reputation of the sending domain - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.1 This message is not RFC 5322 compliant: multiple From: headers - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.1 The IP you're using to send email is not authorized to send directly - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.1 This email has been rate limited. - gsmtp", THROTTLED),
    ("letter", 550, "5.7.1 This message violates example.nl email policy. - gcdp a1 - gsmtp", PERMANENT),
    ("letter", 550, "5.7.1 The user or domain has a policy that prohibited the mail. - gsmtp", PERMANENT),
    (
        "letter",
        552,
        "5.7.0 This message was blocked: its content presents a potential security issue. - gsmtp",
        OUR_FAULT,
    ),
    ("letter", 550, "5.4.5 Daily user sending limit exceeded. - gsmtp", OUR_FAULT),
    ("letter", 550, "5.7.1 Daily SMTP relay sending limit exceeded for this customer. - gsmtp", OUR_FAULT),
    ("rcpt", 550, "5.7.0 Email relay denied [192.0.2.1]. - gsmtp", OUR_FAULT),
]
YAHOO_APPLE_AND_OTHERS = [
    ("letter", 554, "delivery error: dd This user doesn't have a example.com account (a@example.com) [-9]", PERMANENT),
    ("letter", 554, "5.7.9 Message not accepted for policy reasons. See https://example.com/errors", OUR_FAULT),
    ("letter", 554, "Message not allowed - [PH01] Email not accepted for policy reasons.", OUR_FAULT),
    ("letter", 554, "Message not allowed - Headers are not RFC compliant[291]", OUR_FAULT),
    ("mail", 553, "5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is listed", OUR_FAULT),
    ("mail", 421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume", THROTTLED),
    ("mail", 421, "Max message per connection reached, closing transmission channel", TEMPORARY),
    ("rcpt", 451, "mta1.example.com Resources temporarily unavailable. Please try again later [#4.16.1].", TEMPORARY),
    ("rcpt", 550, "5.1.1 <a@example.com>: user does not exist", PERMANENT),
    ("letter", 550, "5.7.1 [CS01] Message rejected due to local policy. Please visit https://example.com", OUR_FAULT),
    ("letter", 554, "5.7.1 [HM08] Message rejected due to local policy.", OUR_FAULT),
    ("letter", 550, "5.7.1 Your message was rejected due to example.org's DMARC policy.", OUR_FAULT),
    ("rcpt", 421, "4.7.1 Messages to a@example.com deferred due to excessive volume. Try again later", THROTTLED),
    ("mail", 550, "5.7.0 Blocked - see https://example.com/dnsbl-lookup.cgi?ip=192.0.2.1", OUR_FAULT),
    ("rcpt", 550, "5.1.0 b@example.org sender rejected. Please see AUP#I-1310", OUR_FAULT),
    ("connect", 554, "Your IP: 192.0.2.1 is blacklisted, please see http://example.nl/Help/17", OUR_FAULT),
    ("rcpt", 550, "Your IP: 192.0.2.1 is blacklisted, please see http://example.nl/Help/17", OUR_FAULT),
    ("rcpt", 550, "5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted using EXAMPLE-XBL.", OUR_FAULT),
    ("rcpt", 550, "5.2.1 <a@example.nl>... Addressee unknown", PERMANENT),
]
SENTENCES = POSTFIX + EXIM_AND_OTHERS + MICROSOFT + GOOGLE + YAHOO_APPLE_AND_OTHERS


@pytest.mark.parametrize(("phase", "code", "text", "expected"), SENTENCES)
def test_a_known_sentence_is_understood(phase: str, code: int, text: str, expected: OutcomeKind | str) -> None:
    outcome = to_outcome(phase, code, text)
    assert outcome.kind is (TEMPORARY if expected == THROTTLED else expected)
    assert is_throttled(outcome) is (expected == THROTTLED)


#: Statuses that decide by themselves: their first and last, where they are a row of the table.
OF_RECIPIENT = (
    "1.1 1.2 1.3 1.4 1.6 1.9 1.10 1.20 7.2 7.12 7.13 7.17 7.18 7.51 7.124 7.129 7.136 7.504 7.505 7.507 7.510"
)
OF_US = (
    "1.7 1.8 1.90 7.5 7.7 7.8 7.9 7.10 7.11 7.14 7.20 7.23 7.25 7.26 7.27 7.28 7.30 7.32 7.40 7.54 7.57 7.60 7.64 "
    "7.501 7.502 7.503 7.506 7.508 7.509 7.511 7.512 7.515 7.600 7.606 7.649 7.705 7.708 7.750 7.899"
)
PASSING = "2.2 2.121 2.122 3.1 3.2 3.4 3.5 4.1 4.2 4.3 4.5 4.316 5.1 5.3"


@pytest.mark.parametrize("status", [*OF_RECIPIENT.split(), "7.513", "7.900", "7.999"])
def test_what_a_status_says_of_the_recipient_no_words_make_our_fault(status: str) -> None:
    assert to_outcome("rcpt", 550, f"5.{status} client host blocked using a block list").kind is PERMANENT


@pytest.mark.parametrize("status", OF_US.split())
def test_what_a_status_says_of_us_no_words_blame_on_the_recipient(status: str) -> None:
    assert to_outcome("rcpt", 550, f"5.{status} Recipient address rejected: Access denied").kind is OUR_FAULT


@pytest.mark.parametrize("status", PASSING.split())
def test_some_refusals_for_good_pass_all_the_same(status: str) -> None:
    assert to_outcome("rcpt", 554, f"5.{status} x").kind is TEMPORARY


@pytest.mark.parametrize(
    ("phase", "status", "kind"),
    [
        ("letter", "2.3", PERMANENT),
        ("letter", "3.4", OUR_FAULT),
        ("letter", "6.0", OUR_FAULT),
        ("letter", "6.11", OUR_FAULT),
        ("rcpt", "6.0", PERMANENT),
        ("rcpt", "2.1", PERMANENT),
        ("rcpt", "4.4", PERMANENT),
        ("rcpt", "4.6", PERMANENT),
        ("rcpt", "7.0", PERMANENT),
        ("rcpt", "7.1", PERMANENT),
        ("rcpt", "9.99", PERMANENT),
    ],
)
def test_a_status_refines_a_code(phase: str, status: str, kind: OutcomeKind) -> None:
    assert (
        to_outcome(phase, 554, f"5.{status} message size exceeds limit" if status == "2.3" else f"5.{status}").kind
        is kind
    )


@pytest.mark.parametrize(("code", "kind"), [(450, TEMPORARY), (550, PERMANENT)])
def test_where_code_and_status_differ_the_code_decides(code: int, kind: OutcomeKind) -> None:
    assert to_outcome("rcpt", code, "5.1.1 User unknown").kind is kind
    assert to_outcome("rcpt", code, "4.1.1 User unknown").kind is kind


@pytest.mark.parametrize(
    ("phase", "text", "scope"),
    [
        *((phase, "", "relay") for phase in ("connect", "ehlo", "tls", "auth", "mail")),
        *((phase, "", "domain") for phase in ("rcpt", "data", "letter")),
        ("letter", "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "relay"),
        ("letter", "4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", "domain"),
    ],
)
def test_what_to_slow_down_for(phase: str, text: str, scope: str) -> None:
    assert throttle_scope(to_outcome(phase, 432, text)) == scope


def test_a_lost_connection_asks_nobody_to_slow_down() -> None:
    assert not is_throttled(Outcome(kind=TEMPORARY, phase="mail", text="too many connections"))


@pytest.mark.parametrize(
    ("text", "enhanced", "said"),
    [
        ("5.1.1 <a@example.nl>: User unknown", "5.1.1", "<a@example.nl>: User unknown"),
        ("User unknown", "", "User unknown"),
        ("4.7.1", "4.7.1", ""),
        ("4.2.2 over\nquota", "4.2.2", "over quota"),
        ("5.7.26 first\n5.7.26 second\n5.7.26", "5.7.26", "first second"),
        ("5.7.1 first\n5.7.10 second", "5.7.1", "first 5.7.10 second"),
        ("#5.1.0 Address rejected.", "5.1.0", "Address rejected."),
        ("no mailbox here by that name (#5.1.1)", "5.1.1", "no mailbox here by that name (#5.1.1)"),
        ("5.1.12345 x", "", "5.1.12345 x"),
        ("1.2.3.4 refused", "", "1.2.3.4 refused"),
        ("", "", ""),
        ("5.1.1 caf\udce9\r\nX: y\x00", "5.1.1", "caf? X: y"),
    ],
)
def test_the_enhanced_status_is_read_apart_from_the_text(text: str, enhanced: str, said: str) -> None:
    outcome = to_outcome("rcpt", 550, text)
    assert (outcome.enhanced, outcome.text) == (enhanced, said)


def test_words_are_read_beyond_what_is_kept() -> None:
    outcome = to_outcome("rcpt", 550, "x " * (LONGEST // 2) + "Relay access denied")
    assert outcome.kind is OUR_FAULT
    assert len(outcome.text) == LONGEST


def test_every_rule_speaks_of_phases_that_there_are_and_the_last_holds_for_everything() -> None:
    assert {phase for rule in RULES for phase in rule.phases.split()} <= set(PHASES)
    assert RULES[-1][:4] == ("", "", "", None)


@given(
    st.sampled_from([*PHASES, "folder"]),
    st.integers(min_value=-1, max_value=9999),
    st.text() | st.sampled_from([text for _, _, text, _ in SENTENCES]),
)
def test_whatever_a_server_says_has_a_meaning(phase: str, code: int, text: str) -> None:
    outcome = to_outcome(phase, code, text)
    assert (outcome.kind is SENT) == (phase == "letter" and 200 <= code < 300)
    assert outcome.kind is not IN_DOUBT or phase == "letter"
    assert not (400 <= code < 500) or outcome.kind is TEMPORARY or phase == "auth"
    assert not is_throttled(outcome) or outcome.kind is TEMPORARY
    assert outcome.text == shown(outcome.text)
