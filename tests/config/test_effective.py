"""Every effective setting is shown with its origin, and never the token itself."""

from pathlib import Path

import pytest

from jobevents_cli.config.configuration import Configuration
from jobevents_cli.config.effective import Row, effective
from jobevents_cli.config.sources import CONFIG_VARIABLE, TOKEN_VARIABLE, VARIABLES
from jobevents_cli.errors import UsageProblem


@pytest.fixture(name="config", autouse=True)
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the configuration file may be, in an environment that sets nothing else."""
    for variable in (*VARIABLES.values(), TOKEN_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "config.toml"
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    return path


def _rows(*options: str, token_file_given: bool = False, **given: str) -> dict[str, tuple[str, str]]:
    found = list(effective(Configuration(given), options, token_file_given=token_file_given))
    return {row.name: (row.value, row.origin) for row in found if isinstance(row, Row)}


def test_an_address_is_shown_as_it_is_used() -> None:
    """PuppetDB's is derived from the orchestrator's."""
    rows = _rows(url="pe.example.com")
    assert rows["url"][0] == "https://pe.example.com:8143"
    assert rows["puppetdb-url"] == ("https://pe.example.com:8081", "the orchestrator's host")


def test_the_file_and_its_profiles_come_first(config: Path) -> None:
    """The path is shown whether the file exists or not, and whatever is wrong with what it contains."""
    assert _rows()["config-file"] == (str(config), f"{CONFIG_VARIABLE}; it does not exist yet")
    config.write_text('[profiles.a]\nurl = "https://a"\n[profiles.b]\n')
    found = [row for row in effective(Configuration({}), ()) if isinstance(row, Row)]
    assert found[0] == ("config-file", str(config), CONFIG_VARIABLE)
    assert found[1:3] == [("has profile", "a", "https://a"), ("has profile", "b", "without a url of its own")]
    config.write_text("profiles = 1\n")
    first, problem, *_ = effective(Configuration({}), ())
    assert (first, isinstance(problem, UsageProblem)) == (found[0], True)


def test_what_nobody_set_is_the_default() -> None:
    """A missing profile has no row."""
    rows = _rows()
    assert rows["token-file"][1] == "PE's default"
    assert "profile" not in rows


def test_the_token_itself_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in the environment is only said to be set, unless --token-file takes its place."""
    monkeypatch.setenv(TOKEN_VARIABLE, "s3cret")
    assert _rows()["token"] == ("set", TOKEN_VARIABLE)
    rows = _rows(token_file_given=True, **{"token-file": "/my/token"})
    assert "token" not in rows
    assert rows["token-file"][0] == "/my/token"


def test_a_default_of_an_option_is_shown_with_its_file(config: Path) -> None:
    """An option without a default has no row."""
    config.write_text('time = "utc"\n')
    rows = _rows("time", "color")
    assert rows["time"][0] == "utc"
    assert str(config) in rows["time"][1]
    assert "color" not in rows


def test_a_profile_that_does_not_exist_is_one_problem(config: Path) -> None:
    """The setting that names it is shown nevertheless."""
    config.write_text('url = "pe.example.com"\n')
    found = list(effective(Configuration({"profile": "nowhere"}), ["time"]))
    assert [row.value for row in found if isinstance(row, Row) and row.name == "profile"] == ["nowhere"]
    problems = [row.message for row in found if isinstance(row, UsageProblem)]
    assert len(problems) == 1
    assert "'nowhere'" in problems[0]
