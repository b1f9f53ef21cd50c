"""How fast letters leave: what may be written in a setting, windows that always hold, back-off, and whole mailings."""

import heapq
import json
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SettingsError
from newsletter.outbox.limits import LATE, Limit, Limits, domain_key, read_domains, read_limits, relay_key
from newsletter.outbox.pace import (
    AHEAD,
    FAR,
    FORGET,
    IDLE,
    OWN,
    QUIET,
    SLOWEST,
    STEP,
    UNKNOWN,
    Backoff,
    Bucket,
    Turn,
    count_slots,
    current,
    slow_down,
    speed_up,
    take_turns,
)
from newsletter.settings_file import load

NOW = 1_772_442_000.0  # 2026-03-02 09:00 UTC
HOUR = 3600.0
RELAY, GMAIL = "relay:smtp.example.nl", "domain:gmail.example"


def restarted(bucket: Bucket) -> Bucket:
    """A bucket as another process finds it in the store."""
    kept = json.loads(json.dumps([list(bucket.free_at.items()), list(bucket.queued.items())]))
    return Bucket(dict(map(tuple, kept[0])), dict(map(tuple, kept[1])), bucket.backoff)


def ask(bucket: Bucket, written: str, count: int, now: float) -> tuple[Bucket, list[Turn]]:
    """So many letters that are limited by one bucket."""
    after, turns = take_turns({GMAIL: bucket}, {GMAIL: read_limits(written)}, [(GMAIL,)] * count, now)
    return after[GMAIL], [turn for turn in turns if turn]


def steadily(written: str, seconds: float) -> list[float]:
    """The slots of a sender that always has letters waiting and asks every second."""
    bucket, slots, now = Bucket(), list[float](), NOW
    while now < NOW + seconds:
        bucket, turns = ask(bucket, written, 600 if now == NOW else 20, now)
        slots += [turn.at for turn in turns if turn.is_slot]
        now += AHEAD
    return [slot for slot in slots if slot < NOW + seconds]


def most_in_a_window(moments: Sequence[float], seconds: float) -> int:
    """How many of these fall into the fullest window, its end not included."""
    ordered = sorted(moments)
    return max((bisect_left(ordered, at + seconds) - number for number, at in enumerate(ordered)), default=0)


# What a person writes


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", ()),
        ("  ", ()),
        ("10/s", (Limit(10, 1),)),
        ("10/s 5000/h", (Limit(10, 1), Limit(5000, 3600))),
        (" 30/min   10000/day ", (Limit(30, 60), Limit(10000, 86400))),
    ],
)
def test_limits_are_read_from_a_setting(text: str, limits: tuple[Limit, ...]) -> None:
    assert read_limits(text) == limits


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("", {}),
        (
            "gmail.com=20/s 2000/h, Outlook.com = 10/s",
            {"gmail.com": (Limit(20, 1), Limit(2000, 3600)), "outlook.com": (Limit(10, 1),)},
        ),
    ],
)
def test_domains_are_read_from_a_setting(text: str, domains: Mapping[str, tuple[Limit, ...]]) -> None:
    assert read_domains(text) == domains


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("RELAY", "10", "“10” is no limit"),
        ("RELAY", "0/s", "“0/s” is no limit"),
        ("RELAY", "-1/s", "“-1/s” is no limit"),
        ("RELAY", "10/week", "“10/week” is no limit"),
        ("RELAY", "10 /s", "“10” is no limit"),
        ("RELAY", "10/s 20/s", "two limits per s"),
        ("DOMAIN", "fast", "“fast” is no limit"),
        ("DOMAINS", "gmail.com", "“gmail.com” is no domain with its limit"),
        ("DOMAINS", "gmail.com=", "“gmail.com=” is no domain with its limit"),
        ("DOMAINS", "=5/s", "“=5/s” is no domain with its limit"),
        ("DOMAINS", "a@b.example=5/s", "“a@b.example=5/s” is no domain with its limit"),
        ("DOMAINS", "a.example=5/s, A.example=6/s", "A.example is there twice"),
        ("DOMAINS", "gemeente-súdwest.example=5/s, xn--gemeente-sdwest-cvb.example=6/s", "is there twice"),
        ("DOMAINS", "a.example=5/s 6/x", "“6/x” is no limit"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_name_of_its_setting(
    variable: str, value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NEWSLETTER_PACE__{variable}", value)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert f"NEWSLETTER_PACE__{variable}: " in str(caught.value)
    assert said in str(caught.value)


def test_a_named_domain_has_its_own_limit_instead_of_that_of_all() -> None:
    limits = Limits(relay=read_limits("9/s"), domain=read_limits("5/s"), domains=read_domains("Gmail.example=20/s"))
    assert limits.of(relay_key("smtp.example.nl")) == (Limit(9, 1),)
    assert limits.of(domain_key("example.nl")) == (Limit(5, 1),)
    assert limits.of(domain_key("GMAIL.example")) == (Limit(20, 1),)


@pytest.mark.parametrize("written", ["SÚDWEST.example", "xn--sdwest-pya.example"])
@pytest.mark.parametrize("used", ["súdwest.example", "XN--SDWEST-PYA.example"])
def test_a_domain_outside_ascii_has_one_limit_in_both_spellings(written: str, used: str) -> None:
    assert Limits(domains=read_domains(f"{written}=5/s")).of(domain_key(used)) == (Limit(5, 1),)


def test_a_domain_that_has_no_other_spelling_has_a_key_all_the_same() -> None:
    assert domain_key("ü" * 70 + ".example") == "domain:" + "ü" * 70 + ".example"


# Windows


@given(
    limits=st.lists(
        st.builds(Limit, st.integers(1, 60), st.sampled_from((1, 60, 3600))),
        min_size=1,
        max_size=3,
        unique_by=lambda limit: limit.seconds,
    ),
    requests=st.lists(
        st.tuples(
            st.sampled_from((0.0, 0.05, 0.5, 1.0, 7.0, 60.0, 1800.0, 3599.0)),  # later than the one before
            st.sampled_from((0.0, 0.0, -0.3, -5.0)),  # how far the clock of this worker goes wrong
            st.integers(1, 80),  # letters
            st.booleans(),  # another process, or the same one after a restart
        ),
        max_size=40,
    ),
    delays=st.lists(st.floats(0, LATE), min_size=1, max_size=20),
)
def test_no_window_ever_holds_more_letters_than_its_limit(
    limits: list[Limit], requests: list[tuple[float, float, int, bool]], delays: list[float]
) -> None:
    bucket, now, left = Bucket(), NOW, list[float]()
    for later, wrong, count, elsewhere in requests:
        now += later
        bucket = restarted(bucket) if elsewhere else bucket
        after, turns = take_turns({GMAIL: bucket}, {GMAIL: limits}, [(GMAIL,)] * count, now + wrong)
        bucket = after[GMAIL]
        slots = [turn.at for turn in turns if turn and turn.is_slot]
        assert all(now + wrong <= slot <= now + wrong + AHEAD for slot in slots)
        left += [slot + delays[(len(left) + number) % len(delays)] for number, slot in enumerate(slots)]
    for limit in limits:
        assert most_in_a_window(left, limit.seconds) <= limit.count


@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from((0.0, 0.3, 1.0, 20.0)),
            st.lists(st.sampled_from(((), (RELAY,), (RELAY, GMAIL), (RELAY, "domain:b.example"))), max_size=60),
        ),
        max_size=15,
    )
)
def test_a_slot_holds_for_the_mail_server_and_for_the_domain_alike(
    requests: list[tuple[float, list[tuple[str, ...]]]],
) -> None:
    limits = {RELAY: read_limits("9/s 100/min"), GMAIL: read_limits("3/s"), "domain:b.example": read_limits("20/min")}
    buckets = {key: Bucket() for key in limits}
    now, left = NOW, {key: list[float]() for key in limits}
    for later, letters in requests:
        now += later
        buckets, turns = take_turns(buckets, limits, letters, now)
        for keys, turn in zip(letters, turns, strict=True):
            assert (turn is None) == (keys == ())
            for key in keys:
                left[key] += [turn.at] if turn and turn.is_slot else []
    for key, moments in left.items():
        for limit in limits[key]:
            assert most_in_a_window(moments, limit.seconds) <= limit.count


@pytest.mark.parametrize(
    ("written", "seconds", "at_once", "in_all"),
    [
        ("10/s", 60, 1, 546),  # a tenth of a second of each is kept for delays on the way
        ("1/s", 60, 1, 55),
        ("60/min", 60, 6, 60),
        ("5000/h", 3600, 500, 5000),
        ("5000/h", 7200, 500, 9501),
        ("20/s 5000/h", 3600, 1, 5000),
        ("9/h", 3600, 1, 9),
    ],
)
def test_what_is_allowed_is_used(written: str, seconds: float, at_once: int, in_all: int) -> None:
    slots = steadily(written, seconds)
    assert (sum(slot < NOW + 0.001 for slot in slots), len(slots)) == (at_once, in_all)


def test_a_restart_in_the_middle_of_an_hour_is_no_burst() -> None:
    bucket, now = Bucket(), NOW
    while now < NOW + HOUR / 2:
        bucket, _ = ask(bucket, "5000/h", 20, now)
        now += AHEAD
    limits = read_limits("5000/h")
    assert count_slots(restarted(bucket), limits, 600, now) <= 2
    assert count_slots(Bucket(), limits, 600, now) > 500


def test_to_look_how_much_room_there_is_takes_none() -> None:
    bucket, limits = Bucket(), read_limits("10/s")
    assert [count_slots(bucket, limits, wanted, NOW) for wanted in (3, 100, 100)] == [3, 10, 10]
    assert count_slots(bucket, (), 100, NOW) == 100


def test_what_has_no_limit_waits_for_nothing_and_changes_nothing() -> None:
    buckets = {GMAIL: Bucket({1: NOW + 50})}
    assert take_turns(buckets, {GMAIL: ()}, [(), (GMAIL,)], NOW) == (buckets, [None, None])


# Who is put off


def test_who_is_put_off_comes_back_when_it_is_their_turn() -> None:
    bucket, first = ask(Bucket(), "10/s", 40, NOW)
    bucket, second = ask(bucket, "10/s", 40, NOW)
    slots = [turn.at for turn in first if turn.is_slot]
    again = [turn.at for turn in first + second if not turn.is_slot]
    assert (len(slots), len(again)) == (10, 70)
    assert most_in_a_window(again, 1) == 10
    assert min(again) > NOW + AHEAD / 2
    assert max(again) == pytest.approx(NOW + 79 * 0.11 - AHEAD / 2, abs=0.01)


def test_those_who_come_back_get_their_slot_also_when_new_letters_come_in_between() -> None:
    asked = play(["gmail.example"] * 400, Limits(domains=read_domains("gmail.example=20/s"))).asked
    assert max(asked.values()) <= 3


def test_a_queue_that_is_longer_than_ten_minutes_is_laid_over_itself() -> None:
    _, turns = ask(Bucket(), "1/s", 2000, NOW)
    again = [turn.at for turn in turns if not turn.is_slot]
    assert max(again) <= NOW + FAR
    assert most_in_a_window(again, 10) in (40, 41, 42)  # four layers of what may leave in that time


def test_nobody_waits_for_the_letters_of_a_mailing_that_was_withdrawn() -> None:
    bucket, _ = ask(Bucket(), "1/s", 500, NOW)
    _, busy = ask(bucket, "1/s", 2, NOW + 1)
    _, idle = ask(bucket, "1/s", 2, NOW + 3 + IDLE)
    assert busy[1].at > NOW + 500
    assert idle[1].at < NOW + 3 + IDLE + 2


# Back-off


@pytest.mark.parametrize(
    ("written", "seen", "rate"),
    [
        ("", 30.0, 15.0),
        ("20/s", 30.0, 20 / 1.1 / 2),
        ("20/s", 4.0, 2.0),
        ("20/s", 0.0, 20 / 1.1 / 2),
        ("3600/h", 0.0, 0.5),
        ("", 0.0, UNKNOWN / 2),
        ("", SLOWEST, SLOWEST),
    ],
)
def test_a_throttled_answer_halves_the_rate(written: str, seen: float, rate: float) -> None:
    slowed = slow_down(Bucket(), read_limits(written), NOW, seen)
    assert slowed.backoff is not None
    assert slowed.backoff.rate == pytest.approx(rate)


def test_nothing_leaves_in_the_moment_after_a_throttled_answer_and_then_it_leaves_slowly() -> None:
    bucket = slow_down(Bucket(), (), NOW, 8.0)
    assert count_slots(bucket, (), 50, NOW + QUIET - AHEAD - 0.01) == 0
    bucket, turns = ask(bucket, "", 50, NOW + QUIET)
    assert [turn.at - NOW - QUIET for turn in turns if turn.is_slot] == [0, 0.25, 0.5, 0.75, 1]
    assert min(turn.at for turn in turns if not turn.is_slot) > NOW + QUIET + AHEAD / 2


def test_throttled_answers_within_a_moment_count_once() -> None:
    once = slow_down(Bucket(), (), NOW, 8.0)
    assert slow_down(once, (), NOW + QUIET - 0.01, 8.0) == once
    again = slow_down(once, (), NOW + QUIET, 8.0)
    assert again.backoff == Backoff(rate=2.0, was=8.0, throttled_at=NOW + QUIET, changed_at=NOW + QUIET)


def test_a_back_off_never_lets_a_letter_leave_earlier() -> None:
    bucket = slow_down(Bucket({OWN: NOW + 60}), (), NOW, 1.0)
    assert bucket.free_at[OWN] == NOW + 60


@pytest.mark.parametrize(
    ("rate", "after"),
    [
        (1.0, 2.0),  # doubles …
        (4.0, 8.0),
        (6.0, 8.0),  # … up to half
        (8.0, 8.8),  # then a twentieth of what was too much
        (14.4, 14.56),  # around it a hundredth
        (16.0, 16.16),
        (17.6, 19.36),  # beyond it more again
        (60.0, None),  # far beyond it is forgotten
    ],
)
def test_the_rate_grows_slowly_after_a_throttled_answer(rate: float, after: float | None) -> None:
    bucket = Bucket({OWN: NOW}, {}, Backoff(rate=rate, was=16.0, throttled_at=NOW, changed_at=NOW))
    assert speed_up(bucket, (), NOW + STEP - 0.01) == bucket
    grown = speed_up(bucket, (), NOW + STEP)
    assert (grown.backoff and round(grown.backoff.rate, 6)) == after
    assert grown.backoff is None or grown.backoff.changed_at == NOW + STEP


def test_a_back_off_ends_where_the_limit_of_the_settings_is_lower() -> None:
    bucket = Bucket({}, {}, Backoff(rate=8.0, was=16.0, throttled_at=NOW, changed_at=NOW))
    assert speed_up(bucket, read_limits("9/s"), NOW + STEP).backoff is None
    assert speed_up(bucket, read_limits("20/s"), NOW + STEP).backoff is not None


def test_only_a_rate_that_had_grown_is_taken_for_too_much() -> None:
    closed = slow_down(slow_down(Bucket(), (), NOW, 8.0), (), NOW + QUIET, 8.0)
    grown = speed_up(closed, (), NOW + QUIET + STEP)
    again = slow_down(grown, (), NOW + QUIET + STEP + 1, 8.0)
    assert [bucket.backoff and bucket.backoff.was for bucket in (closed, grown, again)] == [8.0, 8.0, 4.0]


def test_a_back_off_that_nobody_has_used_for_an_hour_is_forgotten() -> None:
    bucket = slow_down(Bucket(), (), NOW, 8.0)
    assert current(bucket, NOW + FORGET - 1) is not None
    assert current(bucket, NOW + FORGET) is None
    assert take_turns({GMAIL: bucket}, {GMAIL: ()}, [(GMAIL,)], NOW + FORGET)[1] == [None]
    assert speed_up(bucket, (), NOW + FORGET).backoff is None
    assert bucket.ends_at == NOW + FORGET


# Whole mailings, under a simulated clock


@dataclass
class Played:
    """What became of a mailing: when letters were taken and refused, by domain."""

    taken: list[tuple[float, str, int]] = field(default_factory=list)
    refused: list[tuple[float, str]] = field(default_factory=list)
    asked: Counter[int] = field(default_factory=Counter)  #: for a turn, by letter

    def moments(self, domain: str, begin: float = 0.0, end: float = 1e9) -> list[float]:
        return [at for at, of, _ in self.taken if of == domain and begin <= at < end]


class ThrottlingServer:
    """It takes so many letters in any minute and refuses the others; a harsh one counts those as well."""

    def __init__(self, per_minute: int, *, is_harsh: bool) -> None:
        self._per_minute, self._is_harsh = per_minute, is_harsh
        self._counted: deque[float] = deque()

    def takes(self, at: float) -> bool:
        while self._counted and self._counted[0] <= at - 60:
            self._counted.popleft()
        has_room = len(self._counted) < self._per_minute
        if has_room or self._is_harsh:
            self._counted.append(at)
        return has_room


#: Letters that a worker claims at a time, seconds between two rounds, and until a refused letter is tried again.
BATCH, ROUND, RETRY = 100, 0.5, 300.0


def play(
    domains: Sequence[str],
    limits: Limits,
    *,
    servers: Mapping[str, ThrottlingServer] | None = None,
    workers: int = 1,
    seconds: float = 3 * HOUR,
) -> Played:
    """Workers that share buckets send one letter to each of these domains, in this order."""
    played, buckets, now = Played(), dict[str, Bucket](), 0.0
    waiting = [(0.0, number) for number in range(len(domains))]
    leaving: list[tuple[float, int]] = []
    recent = {domain: deque[float](maxlen=50) for domain in domains}
    while (waiting or leaving) and now < seconds:
        for _ in range(workers):
            batch = [heapq.heappop(waiting)[1] for _ in range(BATCH) if waiting and waiting[0][0] <= now]
            letters = [
                tuple(filter(None, (limited(key, limits, buckets) for key in keys_of(domains[n])))) for n in batch
            ]
            known = {key: buckets.get(key, Bucket()) for keys in letters for key in keys}
            after, turns = take_turns(known, {key: limits.of(key) for key in known}, letters, now)
            buckets |= after
            played.asked.update(batch)
            for number, turn in zip(batch, turns, strict=True):
                at = turn.at if turn else now
                heapq.heappush(leaving if turn is None or turn.is_slot else waiting, (at, number))
        now += ROUND
        while leaving and leaving[0][0] < now:
            at, number = heapq.heappop(leaving)
            domain, key = domains[number], domain_key(domains[number])
            server = (servers or {}).get(domain)
            if server is None or server.takes(at):
                played.taken.append((at, domain, number))
                recent[domain].append(at)
                buckets[key] = speed_up(buckets.get(key, Bucket()), limits.of(key), at)
            else:
                played.refused.append((at, domain))
                seen = len(recent[domain]) / max(at - recent[domain][0], 1.0) if recent[domain] else 0.0
                buckets[key] = slow_down(buckets.get(key, Bucket()), limits.of(key), at, seen)
                heapq.heappush(waiting, (at + RETRY, number))
    return played


def keys_of(domain: str) -> tuple[str, str]:
    return RELAY, domain_key(domain)


def limited(key: str, limits: Limits, buckets: Mapping[str, Bucket]) -> str:
    return key if limits.of(key) or (key in buckets and buckets[key].backoff) else ""


@pytest.mark.parametrize("workers", [1, 4])
def test_letters_to_one_domain_are_spaced_and_the_others_are_not_delayed(workers: int) -> None:
    domains = ["gmail.example" if number % 5 == 0 else f"d{number}.example" for number in range(1000)]
    played = play(domains, Limits(domains=read_domains("gmail.example=20/s")), workers=workers)
    gmail = played.moments("gmail.example")
    others = [at for at, domain, _ in played.taken if domain != "gmail.example"]
    assert (len(gmail), len(others)) == (200, 800)
    assert most_in_a_window(gmail, 1) <= 20
    assert max(gmail) == pytest.approx(199 * 1.1 / 20, abs=0.5)
    assert max(others) <= 1000 / BATCH / workers * ROUND
    assert played.asked.total() < 1.5 * len(domains)


def test_a_limited_mail_server_is_used_fully_also_when_one_domain_is_slow() -> None:
    domains = ["gmail.example" if number % 5 == 0 else "example.nl" for number in range(500)]
    limits = Limits(relay=read_limits("50/s"), domains=read_domains("gmail.example=5/s"))
    played = play(domains, limits, workers=2)
    assert most_in_a_window([at for at, _, _ in played.taken], 1) <= 50
    assert most_in_a_window(played.moments("gmail.example"), 1) <= 5
    assert max(played.moments("example.nl")) == pytest.approx(500 * 1.1 / 50, abs=2)
    assert max(played.moments("gmail.example")) == pytest.approx(99 * 1.1 / 5, abs=1)


@pytest.mark.parametrize("is_harsh", [False, True])
@pytest.mark.parametrize("per_minute", [10, 100])
@pytest.mark.parametrize("written", ["", "20/s"])
def test_a_server_that_throttles_is_sent_less_nothing_is_lost_and_others_keep_full_speed(
    per_minute: int, is_harsh: bool, written: str
) -> None:
    slow, fast = 45 * per_minute, 400
    domains = [domain for pair in zip(["slow.example"] * fast, ["fast.example"] * fast, strict=True) for domain in pair]
    domains += ["slow.example"] * (slow - fast)
    limits = Limits(domains={"slow.example": read_limits(written)})
    servers = {"slow.example": ThrottlingServer(per_minute, is_harsh=is_harsh)}
    played = play(domains, limits, servers=servers, workers=2)

    # Nothing is lost, and nothing leaves twice.
    assert sorted(number for _, _, number in played.taken) == list(range(len(domains)))
    assert len(played.moments("slow.example")) == slow
    # The other domain was finished at full speed.
    assert max(played.moments("fast.example")) <= 2 * fast / (2 * BATCH) * ROUND
    # Within a quarter of an hour the rate is below what the server takes, and above half of it …
    minutes, end = 30, 45 * 60
    assert 0.6 * per_minute < len(played.moments("slow.example", 15 * 60, end)) / minutes < per_minute
    # … and it is only rarely felt again where the bound is.
    late = [at for at, _ in played.refused if 15 * 60 <= at < end]
    assert len(late) <= 0.02 * per_minute * minutes
