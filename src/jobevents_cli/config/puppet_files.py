"""Reads the files that Puppet users already have: PE client tools' orchestrator.conf and puppetdb.conf, the agent's CA.

Paths: PE 2021.7 manual, "Orchestrator configuration files" and "Configuring puppet-access"; PuppetDB's
`documentation/pdb_client_tools.markdown`.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobevents_cli.config.sources import shown
from jobevents_cli.config.user_file import read_user_file
from jobevents_cli.errors import UsageProblem

DEFAULT_TOKEN_FILE: Final = "~/.puppetlabs/token"  # noqa: S105 - a path, no token


def _windows_root() -> Path:
    return Path(os.environ.get("PROGRAMDATA") or "C:/ProgramData") / "PuppetLabs"


def client_tools_paths(name: str) -> list[Path]:
    """Where PE client tools' file *name* may be: the user's first, if there is a home directory, then the system's."""
    system = (_windows_root() if sys.platform == "win32" else Path("/etc/puppetlabs")) / "client-tools" / name
    try:
        return [Path.home() / ".puppetlabs" / "client-tools" / name, system]
    except RuntimeError:
        return [system]


def agent_ca() -> Path:
    """The CA file that a Puppet agent on this machine trusts."""
    root = _windows_root() / "puppet/etc" if sys.platform == "win32" else Path("/etc/puppetlabs/puppet")
    return root / "ssl/certs/ca.pem"


def read_orchestrator_conf(path: Path) -> Mapping[str, Any]:
    """The settings in orchestrator.conf at *path* under our own names; none if there is no such file."""
    options = _object_in(path, "options")
    return {
        "url": options.get("service-url"),
        "token-file": options.get("token-file"),
        "cacert": options.get("cacert"),
    }


def read_puppetdb_conf(path: Path) -> Mapping[str, Any]:
    """The settings in puppetdb.conf at *path* under our own names; none if there is no such file.

    `urls` is a list of texts. UsageProblem if `server_urls` is neither a text nor a list of texts.
    """
    settings = _object_in(path, "puppetdb")
    urls = settings.get("server_urls") or []
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise UsageProblem(f"server_urls in {path} must be an address or a list of addresses, not {shown(urls)}")
    return {
        "urls": urls,
        "cacert": settings.get("cacert"),
        "puppetdb-cert": settings.get("cert"),
        "puppetdb-key": settings.get("key"),
    }


def _object_in(path: Path, name: str) -> Mapping[str, Any]:
    """The object *name* at the top of the JSON file *path*; empty if there is no such file."""
    try:
        document = json.loads(read_user_file(path).decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageProblem(f"{path} cannot be read: it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise UsageProblem(f"{path} is not valid JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except (ValueError, RecursionError):
        raise UsageProblem(f"{path} cannot be used: a number is too long or values are nested too deep") from None
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise UsageProblem(f"{path} has no object '{name}' at its top")
    return found
