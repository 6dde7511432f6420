"""Text, JSON values and checks are printed line by line."""

import json

import pytest

from jobevents_cli.output.printer import print_check, print_lines


def test_every_value_is_one_line_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    """A line break inside a text does not begin a new line."""
    values = [{"id": 352, "message": "one\ntwo"}, ["é"], None]
    print_lines(values)
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == values


def test_text_is_printed_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is added, not even a line's end."""
    print_lines(text="one\ntwo")
    assert capfd.readouterr().out == "one\ntwo"


@pytest.mark.parametrize(
    ("is_good", "is_warning", "marks"),
    [(True, False, "✔+"), (False, False, "✘x"), (None, False, "-"), (True, True, "!")],
)
def test_the_mark_of_a_check_says_how_it_ended(
    capfd: pytest.CaptureFixture[str], *, is_good: bool | None, is_warning: bool, marks: str
) -> None:
    """A warning looks like neither success nor failure."""
    print_check("token", "found", None, is_good=is_good, is_warning=is_warning, as_json=False)
    mark, name, found = capfd.readouterr().out.split()
    assert mark in marks
    assert (name, found) == ("token", "found")


def test_the_cure_stands_under_what_was_found(capfd: pytest.CaptureFixture[str]) -> None:
    """What a server sent cannot control the terminal."""
    print_check("clock", "off by \x1b[31m9s", "set the clock", is_good=False, as_json=False)
    found, cure = capfd.readouterr().out.splitlines()
    assert found.index("off") == cure.index("set the clock")
    assert "\x1b" not in found


def test_a_check_in_json_has_all_its_facts(capfd: pytest.CaptureFixture[str]) -> None:
    """A check that was not made is neither good nor bad."""
    print_check("token", "none", "log in", is_good=None, as_json=True)
    assert json.loads(capfd.readouterr().out) == {"check": "token", "ok": None, "found": "none", "cure": "log in"}
