"""The token is blanked in whatever form a server sends it back."""

import html
import json
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.http.secrets import without_token

TOKEN = "s3cret/0123456789-AbCdEf"
FORMS = {
    "as it is": TOKEN,
    "JSON escapes": "".join(f"\\u{ord(character):04x}" for character in TOKEN),
    "an escaped slash": TOKEN.replace("/", "\\/"),
    "percent-encoded": "".join(f"%{ord(character):02X}" for character in TOKEN),
    "percent-encoded twice": quote(quote(TOKEN, safe=""), safe=""),
    "entities": "".join(f"&#{ord(character)};" for character in TOKEN),
    "an entity in JSON": json.dumps(html.escape(TOKEN).replace("3", "&#x33;")),
    "tags": TOKEN[:5] + "<b>" + TOKEN[5:9] + "</b>" + TOKEN[9:],
    "blanks": " ".join(TOKEN),
    "lines": TOKEN[:7] + "\r\n\t" + TOKEN[7:],
    "a zero-width space": TOKEN[:7] + "\u200b" + TOKEN[7:],
    "upper case": TOKEN.upper(),
    "hexadecimal": TOKEN.encode().hex(),
    "base64": b64encode(TOKEN.encode()).decode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_no_form_of_the_token_stays(name: str) -> None:
    """The rest of the text may go with it; what is left says why."""
    shown = without_token(f"before {FORMS[name]} after", TOKEN)
    assert "the token" in shown
    assert FORMS[name] not in shown
    assert TOKEN[:5] not in shown


@given(text=st.text(max_size=40), times=st.integers(0, 3))
def test_other_text_stays_as_it_is(text: str, times: int) -> None:
    """Text without the token is shown whole; the token in its plain form costs only itself."""
    assert without_token(text, TOKEN) == text
    assert without_token(text + TOKEN * times, TOKEN) == text + "(the token)" * times


def test_a_short_token_is_blanked_too_but_not_guessed() -> None:
    """A test's token of few letters would be found in every text if separators were ignored."""
    assert without_token("a b c abc", "abc") == "a b c (the token)"
