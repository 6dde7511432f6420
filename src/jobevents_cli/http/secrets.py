"""Keeps the token out of messages, in whatever form a server sends it back."""

import re
from functools import lru_cache
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


@lru_cache(maxsize=4)  # it is asked for before every write
def forms_in_data(token: str) -> tuple[bytes, ...]:
    """The *token* as it may be among a server's data: itself, and in the usual encodings and other case.

    A token so short that it occurs by chance has none: hiding it protects nothing. Base64 has three forms, by where in
    an encoded text the token begins; of each, only the characters that no neighbour changes.
    """
    if len(token) < _LONG_ENOUGH:
        return ()
    from base64 import b64encode, urlsafe_b64encode

    raw = token.encode()
    percents = "".join(f"%{byte:02X}" for byte in raw)
    escaped = "".join(letter if letter.isalnum() else f"%{ord(letter):02X}" for letter in token)
    texts = [token, escaped, percents, raw.hex()]
    forms = [form.encode() for text in texts for form in (text, text.lower(), text.upper())]
    for encode in (b64encode, urlsafe_b64encode):
        for shift, begin in ((0, 0), (1, 2), (2, 3)):
            whole = (shift + len(raw)) // 3 * 4
            forms.append(encode(b"\0" * shift + raw)[begin:whole])
    return tuple(dict.fromkeys(forms))


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
