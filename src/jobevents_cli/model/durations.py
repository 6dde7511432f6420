"""Durations as people write and read them."""

import re
from typing import Final

_NUMBER: Final = r"(\d+(?:\.\d+)?)"

_PARTS: Final = re.compile(rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s?)?", re.ASCII)


MINUTE: Final = 60


HOUR: Final = 3600


DAY: Final = 86_400


LONGEST: Final = 1e9
"""Seconds in the longest duration, some 30 years: longer ones are cut to it, so that no clock overflows."""


def parse_duration(text: str) -> float:
    """Seconds in *text*: `90`, `90s`, `15m`, `2h`, `1h30m`, `1.5h`, `1d`; ValueError if it is none of these."""
    match = _PARTS.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration: write 90, 90s, 15m, 2h or 1d")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return min(LONGEST, days * DAY + hours * HOUR + minutes * MINUTE + seconds)


def option_value(seconds: float) -> str:
    """*seconds* as `parse_duration` reads them, for a command that is proposed: `90s`, `400h`, `1.5s`."""
    for unit, letter in ((HOUR, "h"), (MINUTE, "m")):
        if seconds and seconds % unit == 0:
            return f"{seconds / unit:.0f}{letter}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def format_duration(seconds: float) -> str:
    """*seconds* in at most two units: `0.4s`, `12s`, `4m 05s`, `1h 02m`."""
    seconds = min(LONGEST, max(0.0, seconds))
    if 0 < seconds < 1:
        return f"{max(seconds, 0.1):.1f}s"
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m {whole % MINUTE:02d}s"
    return f"{whole // HOUR}h {whole % HOUR // MINUTE:02d}m"
