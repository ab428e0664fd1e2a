"""report.yaml: where a participant wants its report; every fault is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.reports.send import Settings, Target, read_settings

GOOD = """\
version: 1
compare: true
send:
  - {name: archive, kind: folder, url: "s3://alder-reports", connection: alder_s3}
  - {kind: webhook, url: "https://erp.alder.example/reports", connection: alder_erp}
  - {name: planners, kind: mail, to: [planning@alder.example], connection: alder_smtp}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "report.yaml"
    path.write_text(text)
    return path


def test_settings_are_read(tmp_path: Path) -> None:
    """A target without a name is called by its kind."""
    found = read_settings(written(tmp_path, GOOD))
    assert found.compare
    assert [target.name for target in found.targets] == ["archive", "webhook", "planners"]
    assert found.targets[2] == Target("planners", "mail", to=("planning@alder.example",), connection="alder_smtp")


def test_without_a_file_nothing_is_sent_or_given(tmp_path: Path) -> None:
    """The report lies in the outbox, and that is all."""
    assert read_settings(tmp_path / "report.yaml") == Settings(compare=False, targets=())


@pytest.mark.parametrize(
    ("old", "new", "place", "text"),
    [
        ("kind: webhook", "kind: webhok", "5:5", "a target needs a kind: folder, webhook, mail; did you mean 'webhook'?"),
        (", connection: alder_erp", "", "5:5", "webhook needs 'connection'"),
        ("planning@alder.example", "planning", "6:34", "to must be a list of mail addresses, each like planning@acme.example"),
        ("name: planners", "name: archive", "6:5", "a second target 'archive'; give each a name of its own"),
        ("name: archive", "name: ../x", "4:12", "'../x' cannot be a name; use 1-40 of a-z, 0-9, _ and -"),
        ("compare: true", "compare: yes please", "2:10", "compare must be true or false"),
        ("compare: true", "compares: true", "2:1", "unknown key 'compares'; there are version, compare and send"),
        ("version: 1", "version: 2", "1:10", "expected version: 1"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, old: str, new: str, place: str, text: str) -> None:
    """File, line, column, and what was expected."""
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert str(caught.value).splitlines()[0] == f"{path}:{place}: {text}"
