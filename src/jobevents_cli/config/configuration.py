"""The settings, from options, environment and files; and how to connect to the servers."""

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jobevents_cli.config.address import PUPPETDB_PORT, Setting, is_loopback, orchestrator_url, puppetdb_url
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.file import ConfigFile
from jobevents_cli.config.puppet_files import (
    DEFAULT_TOKEN_FILE,
    agent_ca,
    client_tools_paths,
    read_orchestrator_conf,
    read_puppetdb_conf,
)
from jobevents_cli.config.sources import TOKEN_VARIABLE, VARIABLES, Source, look_up
from jobevents_cli.config.token import Token
from jobevents_cli.config.user_file import expanded
from jobevents_cli.errors import UsageProblem


class PuppetdbSettings(NamedTuple):
    """Where PuppetDB is and how to authenticate to it."""

    urls: tuple[Setting, ...] = ()
    is_derived: bool = False
    """The address was made from the orchestrator's."""
    cert: Setting | None = None
    key: Setting | None = None
    cacert: Setting | None = None


class Configuration:
    """The settings, each looked up when it is needed."""

    def __init__(self, options: Mapping[str, str | None], *, token: str | None = None) -> None:
        """Start from the command line's *options*: url, token-file, cacert, profile.

        *token* overrides every other.
        """
        self._options = options
        self._given_token = token
        self._environment = Source(lambda name: VARIABLES[name], _environment)
        self._typed = [Source(lambda name: f"--{name}", lambda: options), self._environment]
        self._file_sources = [
            Source(lambda _: f"{self.file.path} [profiles.{self.profile_name}]", lambda: self._profile),
            Source(lambda _: str(self.file.path), lambda: self.file.for_all),
        ]
        self._conf_sources = [
            Source(lambda _, path=path: str(path), lambda path=path: read_orchestrator_conf(path))  # type: ignore[misc]
            for path in client_tools_paths("orchestrator.conf")
        ]

    @cached_property
    def file(self) -> ConfigFile:
        """The configuration file."""
        return ConfigFile()

    @cached_property
    def profile_name(self) -> str | None:
        """The name of the profile in use, if any."""
        named = look_up("profile", self._typed)
        return named.value if named else self.file.default_profile

    @property
    def profile_origin(self) -> str:
        """Where the name of the profile in use comes from."""
        named = look_up("profile", self._typed)
        return named.origin if named else str(self.file.path)

    @property
    def _profile(self) -> Mapping[str, Any]:
        return self.file.profile(self.profile_name) if self.profile_name is not None else {}

    def setting(self, name: str) -> Setting | None:
        """The value of the connection's setting *name* and its origin."""
        return look_up(name, [*self._typed, *self._file_sources, *self._conf_sources])

    def default(self, option: str) -> tuple[Any, str] | None:
        """What the configuration file says for an *option* that was not given, and where it says so."""
        for source in self._file_sources:
            value = source.read().get(option)
            if value is not None:
                return value, source.origin(option)
        return None

    @property
    def url(self) -> str:
        """The orchestrator's address. UsageProblem if none is configured."""
        setting = self.setting("url")
        if setting is None:
            raise UsageProblem(
                "no orchestrator is configured",
                hint="jobevents config set url https://PE-HOST, or --url https://PE-HOST, or set JOBEVENTS_URL",
            )
        return orchestrator_url(setting)

    @property
    def token(self) -> Token:
        """The token. AccessDenied if there is none."""
        if self._given_token is not None:
            return Token(self._given_token, "the token that was given")
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
        """The CA file to trust; None for the system's trust store. UsageProblem if the file does not exist."""
        setting = self.setting("cacert")
        if setting:
            return existing_file("CA file", setting)
        return Setting(str(agent_ca()), "the Puppet agent's") if agent_ca().is_file() else None

    @property
    def orchestrator(self) -> Connection:
        """How to connect to the orchestrator. UsageProblem or AccessDenied if that is not configured."""
        url, token, cacert = self.url, self.token, self.cacert
        setting = self.setting("url")
        origin = setting.origin if setting else ""
        return Connection(url, token, cacert=cacert.value if cacert else None, origin=origin)

    @property
    def puppetdb(self) -> tuple[Connection, ...]:
        """How to connect to PuppetDB: one connection for each URL of one source, in order; empty without an address.

        With a certificate and key the token is None. UsageProblem if a setting cannot be used; AccessDenied if the
        token is needed and there is none.
        """
        settings = self.puppetdb_settings
        if not settings.urls:
            return ()
        cacert = existing_file("CA file", settings.cacert) if settings.cacert else self.cacert
        cert = existing_file("certificate", settings.cert) if settings.cert else None
        key = existing_file("key", settings.key) if settings.key else None
        token = None if cert else self.token
        return tuple(
            Connection(
                puppetdb_url(url),
                token,
                cacert=cacert.value if cacert else None,
                cert=cert.value if cert else None,
                key=key.value if key else None,
                origin=url.origin,
            )
            for url in settings.urls
        )

    @property
    def puppetdb_is_configured(self) -> bool:
        """Whether an address of PuppetDB is set, rather than derived from the orchestrator's."""
        settings = self.puppetdb_settings
        return bool(settings.urls) and not settings.is_derived

    @property
    def puppetdb_settings(self) -> PuppetdbSettings:
        """The settings for PuppetDB, all from the first source that has an address. UsageProblem if they are wrong."""
        for source in (self._environment, *self._file_sources):
            if url := source.setting("puppetdb-url"):
                return _with_cert([url], source)
        for path in client_tools_paths("puppetdb.conf"):
            values = read_puppetdb_conf(path)
            if values.get("urls"):
                source = Source(lambda _, path=path: str(path), lambda values=values: values)  # type: ignore[misc]
                return _with_cert([Setting(url, str(path)) for url in values["urls"]], source, source.setting("cacert"))
        setting = self.setting("url")
        if setting is None:
            return PuppetdbSettings()
        parts = urlsplit(orchestrator_url(setting))
        if parts.scheme != "https" or is_loopback(parts.hostname or ""):
            return PuppetdbSettings()
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        derived = Setting(f"https://{host}:{PUPPETDB_PORT}", "the orchestrator's host")
        return PuppetdbSettings((derived,), is_derived=True)


def _with_cert(urls: Iterable[Setting], source: Source, cacert: Setting | None = None) -> PuppetdbSettings:
    cert, key = source.setting("puppetdb-cert"), source.setting("puppetdb-key")
    if cert and not key:
        raise UsageProblem(f"PuppetDB has a certificate in {cert.origin}, but no key: set both or neither")
    if key and not cert:
        raise UsageProblem(f"PuppetDB has a key in {key.origin}, but no certificate: set both or neither")
    return PuppetdbSettings(tuple(urls), cert=cert, key=key, cacert=cacert)


def existing_file(kind: str, setting: Setting) -> Setting:
    """The *setting*, which names a file, with `~` expanded. UsageProblem if there is no such file."""
    path = expanded(setting.value, setting.origin)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        raise UsageProblem(f"the {kind} {path} ({setting.origin}) does not exist, or is not a file")
    return Setting(str(path), setting.origin)


def _environment() -> Mapping[str, str | None]:
    return {name: os.environ.get(variable) for name, variable in VARIABLES.items()}
