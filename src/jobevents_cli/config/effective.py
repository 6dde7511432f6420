"""The effective settings, each with its origin, as `config show` prints them."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from jobevents_cli.config.address import orchestrator_url, puppetdb_url
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.config.file import config_path
from jobevents_cli.config.sources import CONFIG_VARIABLE, TOKEN_VARIABLE, shown
from jobevents_cli.errors import UsageProblem


class Row(NamedTuple):
    """One setting: its name, its value and its origin."""

    name: str
    value: str
    origin: str


def effective(
    configuration: Configuration, options: Iterable[str], *, token_file_given: bool = False
) -> Iterator[Row | UsageProblem]:
    """The configuration file, its profiles, and every effective setting, or what is wrong with it.

    For the token, only where it is looked for.

    *options* are the names of options that can have a default; *token_file_given* says that --token-file was given.
    """
    rows: list[Callable[[], Iterable[Row]]] = [
        _file,
        lambda: _profiles(configuration),
        lambda: _profile(configuration),
        lambda: _url(configuration),
        lambda: _token(configuration, token_file_given=token_file_given),
        lambda: _cacert(configuration),
        lambda: _puppetdb(configuration),
        lambda: _defaults(configuration, options),
    ]
    said: set[str] = set()
    for row in rows:
        try:
            yield from row()
        except UsageProblem as problem:
            if problem.message not in said:  # a profile that does not exist affects several rows
                said.add(problem.message)
                yield problem


def _file() -> Iterator[Row]:
    path = config_path()
    if path is None:
        yield Row("config-file", "none", "no home directory is known")
    else:
        origin = CONFIG_VARIABLE if os.environ.get(CONFIG_VARIABLE) else "default"
        yield Row("config-file", str(path), origin if path.exists() else f"{origin}; it does not exist yet")


def _profiles(configuration: Configuration) -> Iterator[Row]:
    for name, table in configuration.file.profiles.items():
        url = table.get("url", "without a url of its own")
        yield Row("has profile", name, url if isinstance(url, str) else shown(url))


def _profile(configuration: Configuration) -> Iterator[Row]:
    if configuration.profile_name is not None:
        yield Row("profile", configuration.profile_name, configuration.profile_origin)
        configuration.file.profile(configuration.profile_name)


def _url(configuration: Configuration) -> Iterator[Row]:
    url = configuration.setting("url")
    yield Row("url", orchestrator_url(url), url.origin) if url else Row("url", "none", "not configured")


def _token(configuration: Configuration, *, token_file_given: bool) -> Iterator[Row]:
    if os.environ.get(TOKEN_VARIABLE) and not token_file_given:
        yield Row("token", "set", TOKEN_VARIABLE)
    else:
        file = configuration.token_file
        yield Row("token-file", file.value, file.origin)


def _cacert(configuration: Configuration) -> Iterator[Row]:
    cacert = configuration.cacert
    yield Row("cacert", cacert.value, cacert.origin) if cacert else Row("cacert", "the system's trust store", "default")


def _puppetdb(configuration: Configuration) -> Iterator[Row]:
    settings = configuration.puppetdb_settings
    for url in settings.urls:
        yield Row("puppetdb-url", puppetdb_url(url), url.origin)
    if not settings.urls:
        yield Row("puppetdb-url", "none", "not configured")
    for name, setting in (("puppetdb-cert", settings.cert), ("puppetdb-key", settings.key)):
        if setting:
            yield Row(name, setting.value, setting.origin)


def _defaults(configuration: Configuration, options: Iterable[str]) -> Iterator[Row]:
    for option in options:
        found = configuration.default(option)
        if found:
            value, origin = found
            yield Row(option, value if isinstance(value, str) else shown(value), origin)
