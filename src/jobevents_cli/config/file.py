"""The configuration file `config.toml`: where it is, what it contains, and how it is changed.

Keys at the top are for every profile, those in `[profiles.NAME]` for one: the settings of the connections, and
defaults for options under the options' own names. Keys that jobevents does not know are kept, comments
are lost when the file is changed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobevents_cli.config.private_files import make_private_folder, own_folder, replace_file
from jobevents_cli.config.sources import CONFIG_VARIABLE, shown
from jobevents_cli.config.user_file import expanded, read_user_file
from jobevents_cli.errors import UsageProblem

PROFILES: Final = "profiles"

DEFAULT_PROFILE: Final = "default-profile"


def config_path() -> Path | None:
    """The file that JOBEVENTS_CONFIG names, else the one in the user's configuration folder; None without a home."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return expanded(named, CONFIG_VARIABLE)
    folder = own_folder("config")
    return folder / "config.toml" if folder else None


class ConfigFile:
    """The content of the file, read once. UsageProblem if the file is broken: then it is never written either."""

    def __init__(self) -> None:
        """Read the file. A missing file counts as empty."""
        self._path = config_path()
        self.exists = False
        self._document: dict[str, Any] = {}
        if self._path is not None:
            self._document = self._read(self._path)
        tables = self._document.get(PROFILES, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise UsageProblem(f"in {self.path}, '{PROFILES}' must hold tables: [profiles.NAME]")
        self.profiles: dict[str, dict[str, Any]] = tables

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            text = read_user_file(path).decode("utf-8-sig")
            import tomllib  # takes 2 ms, and most users have no file

            document = tomllib.loads(text)
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError:
            raise UsageProblem(f"the configuration file {path} cannot be read: it is not UTF-8 text") from None
        except OSError as error:
            raise UsageProblem(f"the configuration file {path} cannot be read: {error.strerror}") from None
        except RecursionError:
            raise UsageProblem(f"the configuration file {path} is broken: its values are nested too deep") from None
        except ValueError as error:  # also of a number with thousands of digits
            raise UsageProblem(f"the configuration file {path} is broken: {str(error).split(';')[0]}") from None
        self.exists = True
        return document

    @property
    def path(self) -> Path:
        """Where the file is or would be. UsageProblem if there is no home directory and no JOBEVENTS_CONFIG."""
        if self._path is None:
            raise UsageProblem(
                "there is no configuration file: no home directory is known",
                hint=f"set HOME, or {CONFIG_VARIABLE} to the path of the file",
            )
        return self._path

    @property
    def for_all(self) -> Mapping[str, Any]:
        """What the file holds for every profile."""
        return {key: value for key, value in self._document.items() if key != PROFILES}

    @property
    def default_profile(self) -> str | None:
        """The profile to use if none is named."""
        name = self._document.get(DEFAULT_PROFILE)
        if name is not None and not isinstance(name, str):
            raise UsageProblem(f"{DEFAULT_PROFILE} in {self.path} must be a text, not {shown(name)}")
        return name or None

    def profile(self, name: str) -> Mapping[str, Any]:
        """What the file holds for the profile *name*. UsageProblem if there is no such profile."""
        if name not in self.profiles:
            known = ", ".join(self.profiles) or "there are none"
            where = f" in {self._path}" if self._path else ""
            raise UsageProblem(f"there is no profile {name!r}{where} (profiles: {known})")
        return self.profiles[name]

    def set(self, key: str, value: Any, profile: str | None = None) -> None:
        """Write *key* with *value*, for all or for *profile*, which is created if it is new."""
        table = self._document
        if profile is not None:
            table = self._document.setdefault(PROFILES, {}).setdefault(profile, {})
        table[key] = value
        self._write()

    def unset(self, key: str, profile: str | None = None) -> bool:
        """Remove *key*, for all or for *profile*. False if it is not set there.

        UsageProblem for a table: a slip must not delete many settings at once.
        """
        table: Any = self._document if profile is None else self.profile(profile)
        if key not in table:
            return False
        if isinstance(table[key], dict):
            raise UsageProblem(
                f"{key} is a table of settings and is not removed as a whole",
                hint="remove single keys: jobevents config unset --profile NAME KEY",
            )
        del table[key]
        if profile is not None and not table:
            del self.profiles[profile]
            if not self.profiles:
                del self._document[PROFILES]
            if self.default_profile == profile:
                del self._document[DEFAULT_PROFILE]
        self._write()
        return True

    def _write(self) -> None:
        import tomli_w

        try:
            make_private_folder(self.path.parent)
            replace_file(self.path, tomli_w.dumps(self._document))
        except OSError as error:
            reason = error.strerror
        except (ValueError, RecursionError):
            reason = "a value in it is not Unicode text or too large"
        else:
            return
        raise UsageProblem(f"the configuration file {self.path} cannot be written: {reason}; it is unchanged")
