"""Durations as people write and read them."""

import re

_PARTS = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)


MINUTE = 60


HOUR = 3600


def parse_duration(text: str) -> float:
    """Seconds in *text*: `90`, `90s`, `15m`, `2h`, `1h30m`; ValueError where it is none of these."""
    match = _PARTS.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration: write 90, 90s, 15m or 2h")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * HOUR + int(minutes or 0) * MINUTE + float(seconds or 0)


def format_duration(seconds: float) -> str:
    """*seconds* in at most two units: `0.4s`, `12s`, `4m 05s`, `1h 02m`."""
    if 0 < seconds < 1:
        return f"{max(seconds, 0.1):.1f}s"
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m {whole % MINUTE:02d}s"
    return f"{whole // HOUR}h {whole % HOUR // MINUTE:02d}m"
