"""Keeps the token out of messages, in whatever form a server sends it back."""

import re
from typing import Final

BLANK: Final = "(the token)"

_TAG: Final = re.compile(r"<[^<>]*>")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NOT_IN_TOKENS: Final = re.compile(r"[\W_]+")
_LONG_ENOUGH: Final = 8
"""Letters and digits of a token that do not occur in a row by chance."""

_ROUNDS: Final = 4
"""How many nested encodings are undone."""


def without_token(text: str, token: str) -> str:
    """*text* with the *token* blanked; nothing of it if the token is in it in another form.

    Other forms are: JSON escapes, percent-encoding, HTML entities, other case, hexadecimal, base64, and the token
    broken up by tags, blanks or punctuation.
    """
    from base64 import b64encode

    if not token:
        return text
    blanked = text.replace(token, BLANK)
    forms = {_letters(form) for form in (token, token.encode().hex(), b64encode(token.encode()).decode())}
    forms = {form for form in forms if len(form) >= _LONG_ENOUGH}
    return f"(a text with {BLANK[1:-1]} in it)" if _contains(blanked, forms) else blanked


def _contains(text: str, forms: set[str]) -> bool:
    import html
    from urllib.parse import unquote

    for _ in range(_ROUNDS):
        for view in (text, _TAG.sub("", text)):
            letters = _letters(view)
            if any(form in letters for form in forms):
                return True
        decoded = html.unescape(unquote(_ESCAPE.sub(_unescaped, text)))
        if decoded == text:
            return False
        text = decoded
    return False


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[2]


def _letters(text: str) -> str:
    return _NOT_IN_TOKENS.sub("", text).casefold()
