"""Reads what Puppet users have already: PE client tools' orchestrator.conf, the token file, the agent's CA.

Paths: PE 2021.7 manual, "Orchestrator configuration files" and "Configuring puppet-access".
"""

import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobevents_cli.errors import LOGIN_HINT, AccessDenied, UsageProblem

DEFAULT_TOKEN_FILE: Final = "~/.puppetlabs/token"  # noqa: S105 - a path, no token
_LONGEST_TOKEN: Final = 4096  # the server takes 8 KiB of headers in all


def _windows_root() -> Path:
    return Path(os.environ.get("PROGRAMDATA") or "C:/ProgramData") / "PuppetLabs"


def orchestrator_conf_paths() -> list[Path]:
    """Where PE client tools' orchestrator.conf may be: the user's first, then the system's."""
    within = Path("client-tools") / "orchestrator.conf"
    system = _windows_root() if sys.platform == "win32" else Path("/etc/puppetlabs")
    return [Path.home() / ".puppetlabs" / within, system / within]


def agent_ca() -> Path:
    """The CA file that a Puppet agent on this machine trusts."""
    root = _windows_root() / "puppet/etc" if sys.platform == "win32" else Path("/etc/puppetlabs/puppet")
    return root / "ssl/certs/ca.pem"


def read_orchestrator_conf(path: Path) -> Mapping[str, Any]:
    """The settings in *path* under our own names; none where there is no such file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (NotADirectoryError, PermissionError) as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise UsageProblem(f"{path} is no JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path} cannot be read: {error}") from None
    options = document.get("options") if isinstance(document, dict) else None
    if not isinstance(options, dict):
        raise UsageProblem(f"{path} has no object 'options' at its top")
    return {
        "url": options.get("service-url"),
        "token-file": options.get("token-file"),
        "cacert": options.get("cacert"),
    }


class Token:
    """The secret that lets us in. *description* says where it is from and never what it is."""

    def __init__(self, value: str, description: str, path: Path | None = None) -> None:
        self.value = _checked(value, description)
        self.description = description
        self._path = path

    @classmethod
    def from_file(cls, name: str, origin: str) -> "Token":
        """The token in file *name*, which was named by *origin*."""
        path = Path(name).expanduser()
        try:
            value = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise AccessDenied(f"there is no token: {path} ({origin}) does not exist", hint=LOGIN_HINT) from None
        except UnicodeDecodeError:
            value = "\0"
        except OSError as error:
            raise AccessDenied(
                f"the token file {path} ({origin}) cannot be read: {error.strerror}", hint=LOGIN_HINT
            ) from None
        return cls(value, f"the token in {path}", path)

    @property
    def is_renewable(self) -> bool:
        """Whether another token may appear where this one is from."""
        return self._path is not None

    @property
    def warning(self) -> str | None:
        """What is wrong with the file's permissions, in a sentence."""
        if self._path is None or os.name != "posix":
            return None
        mode = stat.S_IMODE(self._path.stat().st_mode)
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            return f"others can read the token file {self._path} (mode {mode:04o}): chmod 600 {self._path}"
        return None

    def reread(self) -> bool:
        """Read the file anew; True where another usable token stands in it now."""
        if self._path is None:
            return False
        try:
            value = _checked(self._path.read_text(encoding="utf-8-sig"), self.description)
        except (OSError, UnicodeDecodeError, AccessDenied):
            return False
        changed = value != self.value
        self.value = value
        return changed


def _checked(text: str, description: str) -> str:
    value = text.strip()
    if not value:
        raise AccessDenied(f"{description} is empty", hint=LOGIN_HINT)
    if len(value) > _LONGEST_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        raise AccessDenied(f"{description} is no token: not one word of plain characters", hint=LOGIN_HINT)
    return value
