"""From options, environment and files to the settings in force, and to where and how to connect."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jobevents_cli.config.file import ConfigFile, config_path
from jobevents_cli.config.puppet_files import (
    DEFAULT_TOKEN_FILE,
    agent_ca,
    orchestrator_conf_paths,
    read_orchestrator_conf,
)
from jobevents_cli.config.sources import TOKEN_VARIABLE, VARIABLES, Source, look_up
from jobevents_cli.errors import UsageProblem
from jobevents_cli.http.address import Setting, orchestrator_url
from jobevents_cli.http.connection import Connection
from jobevents_cli.http.token import Token

NOTHING_CONFIGURED = (
    'give --url https://PE-HOST:8143, or set JOBEVENTS_URL, or write url = "https://PE-HOST:8143" into {path}'
)


class Configuration:
    """The settings that are in force, each looked up when it is asked for."""

    def __init__(self, options: Mapping[str, str | None]) -> None:
        """Start from the command line's *options*: url, token-file, cacert, profile."""
        self._options = options
        self._typed = [
            Source(lambda name: f"--{name}", lambda: options),
            Source(lambda name: VARIABLES[name], _environment),
        ]
        self._file_sources = [
            Source(lambda _: f"{self.file.path} [profiles.{self.profile_name}]", lambda: self._profile),
            Source(lambda _: str(self.file.path), lambda: self.file.for_all),
        ]
        self._conf_sources = [_orchestrator_conf(path) for path in orchestrator_conf_paths()]

    @cached_property
    def file(self) -> ConfigFile:
        """The configuration file."""
        return ConfigFile()

    @cached_property
    def profile_name(self) -> str | None:
        """The profile that is in force, if any."""
        named = look_up("profile", self._typed)
        return named.value if named else self.file.default_profile

    @property
    def _profile(self) -> Mapping[str, Any]:
        return self.file.profile(self.profile_name) if self.profile_name is not None else {}

    def setting(self, name: str) -> Setting | None:
        """The value of the connection's setting *name* and its origin."""
        return look_up(name, [*self._typed, *self._file_sources, *self._conf_sources])

    def default(self, option: str) -> tuple[Any, str] | None:
        """What the configuration file says for an *option* that was not given, and where it stands."""
        for source in self._file_sources:
            value = source.read().get(option)
            if value is not None:
                return value, source.origin(option)
        return None

    def effective(self, options: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Every setting in force: name, value, origin. Of the token only where it is looked for."""
        if self.profile_name is not None:
            named = look_up("profile", self._typed)
            yield "profile", self.profile_name, named.origin if named else str(self.file.path)
        url = self.setting("url")
        yield "url", *((orchestrator_url(url), url.origin) if url else ("none", "not configured"))
        if os.environ.get(TOKEN_VARIABLE) and not self._options.get("token-file"):
            yield "token", "set", TOKEN_VARIABLE
        else:
            yield "token-file", self.token_file.value, self.token_file.origin
        cacert = self.cacert
        yield "cacert", *((cacert.value, cacert.origin) if cacert else ("the system's trust store", "default"))
        for option in options:
            found = self.default(option)
            if found:
                yield option, str(found[0]), found[1]

    @property
    def url(self) -> str:
        """The orchestrator's address; UsageProblem where none is known."""
        setting = self.setting("url")
        if setting is None:
            raise UsageProblem("no orchestrator is configured", hint=NOTHING_CONFIGURED.format(path=config_path()))
        return orchestrator_url(setting)

    @property
    def token(self) -> Token:
        """The token; AccessDenied where there is none."""
        from_environment = os.environ.get(TOKEN_VARIABLE)
        if from_environment and not self._options.get("token-file"):
            return Token(from_environment, f"the token in {TOKEN_VARIABLE}")
        setting = self.token_file
        return Token.from_file(setting.value, setting.origin)

    @property
    def token_file(self) -> Setting:
        """The file in which the token is looked for."""
        return self.setting("token-file") or Setting(DEFAULT_TOKEN_FILE, "PE's default")

    @property
    def cacert(self) -> Setting | None:
        """The CA file to trust; None for the system's trust store."""
        setting = self.setting("cacert")
        if setting:
            path = Path(setting.value).expanduser()
            if not path.is_file():
                raise UsageProblem(f"the CA file {path} ({setting.origin}) does not exist")
            return Setting(str(path), setting.origin)
        if agent_ca().is_file():
            return Setting(str(agent_ca()), "the Puppet agent's")
        return None

    @property
    def orchestrator(self) -> Connection:
        """How to connect to the orchestrator; UsageProblem or AccessDenied if that is not configured."""
        url, token, cacert = self.url, self.token, self.cacert
        setting = self.setting("url")
        origin = setting.origin if setting else ""
        return Connection(url, token, cacert=cacert.value if cacert else None, origin=origin)


def _environment() -> Mapping[str, str | None]:
    return {name: os.environ.get(variable) for name, variable in VARIABLES.items()}


def _orchestrator_conf(path: Path) -> Source:
    return Source(lambda _: str(path), lambda: read_orchestrator_conf(path))
