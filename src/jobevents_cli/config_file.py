"""The configuration file `config.toml`: where it is and what stands in it."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobevents_cli.errors import UsageProblem
from jobevents_cli.settings import CONFIG_VARIABLE


def config_path() -> Path:
    """The file that JOBEVENTS_CONFIG names, else the one in the user's configuration folder."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("jobevents", appauthor=False) / "config.toml"


def read_config(path: Path) -> dict[str, Any]:
    """What stands in *path*; nothing where there is no such file. UsageProblem where it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise UsageProblem(f"the configuration file {path} is broken: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"the configuration file {path} cannot be read: {error}") from None


def profile_settings(config: Mapping[str, Any], profile: str, path: Path) -> Mapping[str, Any]:
    """The settings of *profile* in *config*; UsageProblem where there is no such profile."""
    profiles = config.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise UsageProblem(f"in {path}, 'profiles' must hold tables: [profiles.NAME]")
    if profile not in profiles:
        known = ", ".join(profiles) or "there are none"
        raise UsageProblem(f"there is no profile {profile!r} in {path} (profiles: {known})")
    table: Mapping[str, Any] = profiles[profile]
    return table
