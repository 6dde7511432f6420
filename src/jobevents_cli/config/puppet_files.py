"""Reads what Puppet users have already: PE client tools' orchestrator.conf, the token file, the agent's CA.

Paths: PE 2021.7 manual, "Orchestrator configuration files" and "Configuring puppet-access".
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobevents_cli.errors import UsageProblem

DEFAULT_TOKEN_FILE: Final = "~/.puppetlabs/token"  # noqa: S105 - a path, no token


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
