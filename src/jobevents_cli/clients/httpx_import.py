"""Import httpx, here alone, without its command line: that would load Rich and more, for each start of the program."""

import sys

if "httpx" in sys.modules:
    import httpx
else:
    sys.modules["httpx._main"] = None  # type: ignore[assignment] # so Python refuses an import, which httpx expects
    import httpx

    del sys.modules["httpx._main"]

__all__ = ["httpx"]
