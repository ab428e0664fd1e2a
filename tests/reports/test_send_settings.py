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
        (
            "kind: webhook",
            "kind: webhok",
            "5:12",
            "kind must be one of folder, webhook, mail, not 'webhok'; did you mean 'webhook'?",
        ),
        ("kind: webhook, ", "", "5:5", "an entry of send needs kind, one of folder, webhook, mail"),
        (", connection: alder_erp", "", "5:5", "an entry of send needs connection"),
        (
            "planning@alder",
            "planning",
            "6:39",
            "an entry of to must be a mail address such as planning@acme.example, not 'planning.example'",
        ),
        (
            "[planning@alder.example]",
            "planning@alder.example",
            "6:38",
            "to must be a list that is not empty, not 'planning@alder.example'; write [planning@alder.example]",
        ),
        ("[planning@alder.example]", "[]", "6:34", "to must be a list that is not empty, not an empty list"),
        (
            "https://erp",
            "https://me:hunter2@erp",
            "5:26",
            "a password in url does not belong into a file of report settings; name a connection",
        ),
        ("kind: folder", "kind: folder, to: [a@b]", "4:35", "unknown key 'to'; known are connection, kind, name, url"),
        ("send:", "send:\nnone:", "3:6", "send must be a list, not nothing"),
        ("name: planners", "name: archive", "6:5", "a second target 'archive'; give each a name of its own"),
        ("name: archive", "name: ../x", "4:12", "name must be 1-40 of a-z, 0-9, _ and -, not '../x'"),
        ("compare: true", "compare: yes please", "2:10", "compare must be true or false, not 'yes please'"),
        ("compare: true", "compares: true", "2:1", "unknown key 'compares'; did you mean 'compare'?"),
        ("version: 1", "version: 2", "1:10", "expected version: 1"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, old: str, new: str, place: str, text: str) -> None:
    """File, line, column, and what was expected."""
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert str(caught.value).splitlines()[0] == f"{path}:{place}: {text}"
