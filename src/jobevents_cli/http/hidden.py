"""Keeps the token out of everything that is printed or kept, even if a server sends it back among its data."""

from collections.abc import Callable, Iterator, Sequence

_hidden: list[Callable[[], str]] = []


def hide(secret: Callable[[], str]) -> None:
    """Never print or keep what *secret* returns from now on. It is called at each output: a token can be renewed."""
    _hidden.append(secret)


def without_secrets(data: bytes) -> bytes:
    """*data* with every hidden secret blanked, in each of its usual forms."""
    for form in _forms():
        if form in data:
            data = _blanked(data, form)
    return data


def text_without_secrets(text: str) -> str:
    """The same for *text*."""
    return without_secrets(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def lines_without_secrets(lines: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """*lines*, some of which may be missing, with every hidden secret blanked."""
    from jobevents_cli.model.joined_lines import JoinedLines

    if isinstance(lines, JoinedLines):
        return JoinedLines(without_secrets(lines.data), len(lines), with_breaks=True)
    together = b"".join(line for line in lines if line)
    return [line and without_secrets(line) for line in lines] if without_secrets(together) != together else lines


def _blanked(data: bytes, form: bytes) -> bytes:
    from jobevents_cli.http.secrets import BLANK

    return data.replace(form, BLANK.encode())


def _forms() -> Iterator[bytes]:
    for secret in _hidden:
        from jobevents_cli.http.secrets import forms_in_data

        yield from forms_in_data(secret())
