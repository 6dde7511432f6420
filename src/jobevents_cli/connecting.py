"""From options, environment and files to a client that is ready to ask."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jobevents_cli.client import OrchestratorClient
from jobevents_cli.config_file import config_path, profile_settings, read_config
from jobevents_cli.errors import UsageProblem
from jobevents_cli.puppet_files import (
    DEFAULT_TOKEN_FILE,
    Token,
    agent_ca,
    orchestrator_conf_paths,
    read_orchestrator_conf,
)
from jobevents_cli.settings import TOKEN_VARIABLE, VARIABLES, Setting, Source, look_up, orchestrator_url

NOTHING_CONFIGURED = (
    'give --url https://PE-HOST:8143, or set JOBEVENTS_URL, or write url = "https://PE-HOST:8143" into {path}'
)


class Connection:
    """The settings that are in force, each looked up when it is asked for."""

    def __init__(self, options: Mapping[str, str | None]) -> None:
        """Start from the command line's *options*: url, token-file, cacert, profile."""
        self._options = options
        self._sources = [
            Source(lambda name: f"--{name}", lambda: options),
            Source(lambda name: VARIABLES[name], _environment),
            Source(lambda _: self._profile_origin, self._profile),
            *(_orchestrator_conf(path) for path in orchestrator_conf_paths()),
        ]

    def setting(self, name: str) -> Setting | None:
        """The value of setting *name* and its origin."""
        return look_up(name, self._sources)

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
        from_option = self._options.get("token-file")
        from_environment = os.environ.get(TOKEN_VARIABLE)
        if from_environment and not from_option:
            return Token(from_environment, f"the token in {TOKEN_VARIABLE}")
        setting = self.setting("token-file") or Setting(DEFAULT_TOKEN_FILE, "PE's default")
        return Token.from_file(setting.value, setting.origin)

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

    def client(self) -> tuple[OrchestratorClient, str | None]:
        """A client for the orchestrator that these settings name, and what the user is to be warned of."""
        url, token, cacert = self.url, self.token, self.cacert
        return OrchestratorClient(url, token, cacert=cacert.value if cacert else None), token.warning

    @cache  # noqa: B019 - one connection a process
    def _profile(self) -> Mapping[str, Any]:
        path = config_path()
        config = read_config(path)
        named = look_up("profile", self._sources[:2])
        name = named.value if named else config.get("default-profile")
        everywhere = {key: value for key, value in config.items() if key != "profiles"}
        if name is None:
            return everywhere
        self._profile_name = str(name)
        return {**everywhere, **profile_settings(config, str(name), path)}

    _profile_name: str | None = None

    @property
    def _profile_origin(self) -> str:
        return f"{config_path()}" + (f" [profiles.{self._profile_name}]" if self._profile_name else "")


def _environment() -> Mapping[str, str | None]:
    return {name: os.environ.get(variable) for name, variable in VARIABLES.items()}


def _orchestrator_conf(path: Path) -> Source:
    return Source(lambda _: str(path), lambda: read_orchestrator_conf(path))
