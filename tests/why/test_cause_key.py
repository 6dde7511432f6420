"""Blanking: what differs from node to node, and nothing else."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.marks import slow_but

from jobevents_cli.why.cause_key import blanked

NODE = "db01.example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("db01.example.com is full", "db02.example.com is full"),
        ("in /var/db01.example.com-x", "in /var/db02.example.com-x"),
        ("object deadbeef", "object 0123456789abcdef"),
        ("at 0x7ffe0123", "at 0xdeadbeef01"),
        ("run 084041e4-687b-4749-8cfe-4ee9bd0db162.", "run CC259A0F-39d4-4809-9615-4f8cab3cdce6."),
        ("since 2026-11-24T02:41:30.831+00:00 down", "since 2026-11-25 12:00:01Z down"),
        ("[Nov 24 02:41:30] no", "[Nov  3 12:41:30] no"),
        ("on Tue, 24 Nov 2026 02:41:30 GMT", "on Wed, 25 Nov 2026 03:41:30 GMT"),
        ("at 02:41:30, no", "at 12:00:00.123, no"),
        ("after 1.01 seconds", "after 30 seconds"),
        ("after 300ms!", "after 1h20m!"),
        ("/dir/motd20261124-12093-1bsvgp5.lock is missing", "/dir/motd20261125-7-zz.lock is missing"),
        ("C:\\temp\\x12345.tmp is missing", "C:\\temp\\x99999-a.tmp is missing"),
        ("port 40001 is used", "port 4001 is used"),
        ("locked by pid 13500", "locked by pid 7"),
        ("(PID=12)", "(PID=9)"),
        ("app[998]: no", "app[13500]: no"),
        ("Error on db01: no", "Error on db02: no"),
        ("db01-data is full", "db02-data is full"),
        ("[IP: 151.101.2.132 80]", "[IP: 10.0.0.1 80]"),
        ("connect to 10.0.0.5:22", "connect to 10.0.0.6:2222"),
        ("connect to host 10.0.0.5 port 22: no", "connect to host 10.0.0.6 port 2222: no"),
        ("at [2001:db8::1]:8140", "at [fe80::2]:8140"),
        ("at fe80::1%eth0 no", "at 2001:db8:0:0:0:0:0:1 no"),
        ("got 12.3 MB at 1.2 MB/s", "got 4 KiB at 900 B/s"),
        ("1,234 packages, 512 bytes", "98,765 packages, 7 bytes"),
        ("used 12K of 1.5G", "used 900M of 20G"),
        ("at 1763886000.123 no", "at 1763886001.9 no"),
        ("Nov 23 09:00:20 db01 app[1]: no", "Nov 23 09:00:21 other-host app[22]: no"),
        ("2026-11-23T09:00:20+00:00 one.example.com app: no", "2026-11-23T10:00:20+00:00 two app: no"),
        ("-- end at Mon 2026-11-23 09:00:20 UTC. --", "-- end at Tue 2026-11-24 09:00:21 UTC. --"),
    ],
)
def test_what_is_blanked(one: str, other: str) -> None:
    """Each kind of text that differs from node to node is blank."""
    assert one != other
    assert blanked(one, NODE) == blanked(other, "db02.example.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("returned 3 instead of 0", "returned 4 instead of 0"),
        ("returned 300", "returned 301"),
        ("rapid 5", "rapid 6"),
        ("could not reach db02.example.com", "could not reach db03.example.com"),
        ("xdb01.example.comx", "xdb02.example.comx"),
        ("abcdefa", "abcdefb"),
        ("/tmp/x1234.lock", "/tmp/y1234.lock"),
        ("/tmp/a1/file", "/tmp/a2/file"),
        ("3 nodes", "4 nodes"),
        ("instead of one of [0]", "instead of one of [1]"),
        ("init.pp:12", "init.pp:13"),
        ("(line: 12, column: 3)", "(line: 13, column: 3)"),
        ("version 1.2.3", "version 1.2.4"),
        ("class a::b", "class a::c"),
        ("db01x", "db02x"),
        ("host db02: no", "host db03: no"),
        ("09:00 sharp", "10:00 sharp"),
        ("in /etc/db1/x", "in /etc/db2/x"),
        ("\x01", "12345"),
        ("\x00\x01", "\x0012345"),
        ("", "12345"),
    ],
)
def test_what_is_not_blanked(one: str, other: str) -> None:
    """Other differences remain, and a blank is never mistaken for text."""
    assert blanked(one, NODE) != blanked(other, NODE)


PLAIN = st.text(alphabet="\x00\x01\x02 azg.:/-", max_size=12)


@given(st.lists(PLAIN, min_size=1, max_size=4), st.lists(PLAIN, min_size=1, max_size=4))
@example(["\x00", ""], ["", "\x01"])
def test_texts_that_differ_outside_the_blanks_stay_different(one: list[str], other: list[str]) -> None:
    """Whatever surrounds the blanks is kept, whichever characters it has."""
    between = " 12345 "
    same = one == other
    assert (blanked(between.join(one), "") == blanked(between.join(other), "")) == same


WORDS = (
    "db01 1234 12 pid port 10.0.0.1 :80 /tmp/ a12345.lock deadbeef MB 5 s [12] app[3] /s ::1 fe80 12:30:00 - . , x _"
)
PIECES = st.sampled_from([*WORDS.split(" "), NODE, "Nov 23 09:00:20", "2026-11-23", " ", "\n"])


@given(st.lists(PIECES | st.characters(), max_size=8).map("".join))
def test_blanking_twice_is_blanking_once(text: str) -> None:
    """What is left outside the blanks has nothing in it to be blanked."""
    once = blanked(text, NODE)
    assert blanked(once, NODE) == once


@pytest.mark.parametrize(
    "piece",
    slow_but(
        ("/", "1.1.", "12:34:5"),
        (
            "::",
            "a:",
            "1,",
            "Mon, ",
            "1 a",
            "[1]a",
            "port ",
            "Nov 23 09:00:20 a",
            "/",
            "1",
            "a/",
            "1h",
            "1:",
            "deadbeef-",
            "1.1",
            "Nov ",
            "db01 ",
            "/a12345",
            "pid ",
            "12:34:5",
            "2026-11-24T",
        ),
    ),
)
def test_time_grows_with_the_text_alone(piece: str) -> None:
    """A megabyte made to be hard takes less than a few seconds."""
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    blanked(text, "db01")
    assert time.process_time() - started < 5
