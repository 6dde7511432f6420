"""The configuration file `config.toml`: where it is, what stands in it, and changing that with care.

Its keys stand at the top for all, or in `[profiles.NAME]` for a profile: the settings of the connection, and
defaults for options under the options' own names. What jobevents does not know is kept; comments cannot be.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobevents_cli.config.sources import CONFIG_VARIABLE
from jobevents_cli.errors import UsageProblem
from jobevents_cli.state.private_files import make_private_folder, replace_file

PROFILES: Final = "profiles"


DEFAULT_PROFILE: Final = "default-profile"


def config_path() -> Path:
    """The file that JOBEVENTS_CONFIG names, else the one in the user's configuration folder."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("jobevents", appauthor=False) / "config.toml"


class ConfigFile:
    """What stands in the file, read once. UsageProblem where it is broken: then it is never written either."""

    def __init__(self, path: Path | None = None) -> None:
        """Read *path*, by default where the configuration is; no file is as good as an empty one."""
        self.path = path or config_path()
        self.exists = True
        self._document: dict[str, Any] = {}
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.exists = False
        except (OSError, UnicodeDecodeError) as error:
            raise UsageProblem(f"the configuration file {self.path} cannot be read: {error}") from None
        else:
            self._document = self._parsed(text)
        tables = self._document.get(PROFILES, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise UsageProblem(f"in {self.path}, '{PROFILES}' must hold tables: [profiles.NAME]")
        self.profiles: dict[str, dict[str, Any]] = tables

    def _parsed(self, text: str) -> dict[str, Any]:
        import tomllib

        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageProblem(f"the configuration file {self.path} is broken: {error}") from None

    @property
    def for_all(self) -> Mapping[str, Any]:
        """What stands there for every profile."""
        return {key: value for key, value in self._document.items() if key != PROFILES}

    @property
    def default_profile(self) -> str | None:
        """The profile to use where none is named."""
        name = self._document.get(DEFAULT_PROFILE)
        return None if name is None else str(name)

    def profile(self, name: str) -> Mapping[str, Any]:
        """What stands there for the profile *name*; UsageProblem where there is no such profile."""
        if name not in self.profiles:
            known = ", ".join(self.profiles) or "there are none"
            raise UsageProblem(f"there is no profile {name!r} in {self.path} (profiles: {known})")
        return self.profiles[name]

    def set(self, key: str, value: Any, profile: str | None = None) -> None:
        """Write *key* with *value*, for all or for *profile*, which is made where it is new."""
        table = self._document
        if profile is not None:
            table = self._document.setdefault(PROFILES, {}).setdefault(profile, {})
        table[key] = value
        self._write()

    def unset(self, key: str, profile: str | None = None) -> bool:
        """Take *key* out, for all or for *profile*; False where it did not stand there."""
        table: Any = self._document if profile is None else self.profile(profile)
        if key not in table:
            return False
        del table[key]
        if profile is not None and not table:
            del self.profiles[profile]
        self._write()
        return True

    def _write(self) -> None:
        import tomli_w

        try:
            make_private_folder(self.path.parent)
            replace_file(self.path, tomli_w.dumps(self._document))
        except OSError as error:
            raise UsageProblem(
                f"the configuration file {self.path} cannot be written: {error.strerror}; it is as it was"
            ) from None
