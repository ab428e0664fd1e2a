"""The coordinator's inbox: what is no submission of its sender is set aside, and changes nobody else's round."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parties import DIGEST, ROUND, Parties, submission

from decai_forecast.contracts import Verdict
from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.roster import write_roster
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.identity import Keyring, introduced
from decai_forecast.link import ClosingStatus, CompanyFolder, CoordinatorFolder, State, Submission
from decai_forecast.link.folder import LARGEST
from decai_forecast.link.messages import encoded
from decai_forecast.network import COORDINATOR
from decai_forecast.store import Store

KEY = f"d/{ROUND.id}/submission.json"
GOOD: dict[str, Any] = json.loads(encoded(submission("d", verdicts={"demand": Verdict.ACCEPTED})))


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Of four companies three are ready."""
    parties = Parties(tmp_path, quorum=3)
    parties.submit("abc")
    return parties


def changed(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def without(key: str) -> bytes:
    return json.dumps({name: value for name, value in GOOD.items() if name != key}).encode()


def raw(text: str, instead: str) -> bytes:
    """The submission's JSON with a piece of its text replaced."""
    given = json.dumps(GOOD)
    assert text in given
    return given.replace(text, instead, 1).encode()


NAME = "must be a name of 1 to 40 of a-z, 0-9 and _, not"
MALFORMED: list[tuple[bytes, str]] = [
    (b"", "$: not JSON: Expecting value"),
    (b"{", "$: not JSON"),
    (b"\xff\xfe{", "$: byte 0 is not UTF-8"),
    (b"\x00" * 100, "$.body: the character U+0000 is not allowed"),
    (b"[1]", "$: the message must be a mapping of partner"),
    (b"null", "$: the message must be a mapping of partner"),
    (b'"ready"', "$: the message must be a mapping of partner"),
    (b"[" * 60, "more than 50 lists and mappings inside each other"),
    (b'{"a":' * 7_000, "more than 50 lists and mappings inside each other"),
    *((without(key), f"$: the message needs {key}") for key in ("partner", "round", "as_of", "state")),
    (changed(extra=1), "$: unknown key 'extra'"),
    (changed(Rows=1), "$: unknown key 'Rows'; did you mean 'rows'?"),
    (raw('"rows"', '"state"'), "$: key 'state' is there twice"),
    (changed(state="READY"), "$.state: state must be one of ready, newcomer, refused, failed, not 'READY'"),
    (changed(state=None), "$.state: state must be one of ready, newcomer, refused, failed, not nothing"),
    (changed(verdicts={"demand": "ok"}), "$.verdicts.demand: demand must be one of accepted, accepted_in_part"),
    (changed(verdicts=["accepted"]), "$.verdicts: verdicts must be a mapping, not a list"),
    (changed(verdicts={"De mand": "accepted"}), "$.verdicts: key 'De mand' must be a name of 1 to 40 of a-z, 0-9 and _"),
    (changed(verdicts={"[key]": "accepted"}), "$.verdicts: key '[key]' must be a name of 1 to 40 of a-z, 0-9 and _"),
    (changed(as_of="2026-06-31"), "$.as_of: as_of must be a date such as 2026-12-07, not '2026-06-31'"),
    (changed(as_of="2026-06-29T00:00:00"), "$.as_of: as_of must be a date"),
    (changed(as_of=20260629), "$.as_of: as_of must be a date"),
    (changed(rows="10"), "$.rows: rows must be a whole number from 0 to 1,000,000,000,000, not '10'"),
    (changed(rows=-1), "$.rows: rows must be a whole number"),
    (changed(rows=10.0), "$.rows: rows must be a whole number"),
    (changed(rows=True), "$.rows: rows must be a whole number"),
    (changed(rows=10**12 + 1), "$.rows: rows must be a whole number"),
    (changed(rows=float("nan")), "$.rows: NaN is no number of 64 bits"),
    (changed(rows=float("inf")), "$.rows: Infinity is no number of 64 bits"),
    (raw('"rows": 10', '"rows": 1e999'), "$.rows: 1e999 is no number of 64 bits"),
    (raw('"rows": 10', f'"rows": {"9" * 6000}'), "is no number of 64 bits"),
    (changed(quarantined=11), "$.quarantined: 11 of 10 rows; expected at most all of them"),
    (changed(late=1), "$.late: late must be true or false, not 1"),
    (changed(digest=""), "$.digest: empty; a company that is ready names the digest of what it trained on"),
    (changed(digest=DIGEST.upper()), "$.digest: digest must be a SHA-256 of 64 hexadecimal digits"),
    (changed(digest=DIGEST[:16]), "$.digest: digest must be a SHA-256 of 64 hexadecimal digits"),
    (changed(state="failed", digest=""), "$.code: empty; a company that is failed names why"),
    (changed(code="could not open /home/x"), "$.code: code must be a code of at most 40 of a-z, 0-9 and _"),
    (changed(code="x" * 41), "$.code: code must be a code"),
    (changed(code="late\n"), "$.code: code must be a code"),
    (changed(code="\x1b[2J"), "$.code: the character U+001B is not allowed"),
    (changed(code="\x00"), "$.code: the character U+0000 is not allowed"),
    (changed(partner="\ud800"), "$.partner: the character U+D800 is not allowed"),
    (changed(partner="\u0430"), f"$.partner: partner {NAME} '\u0430'"),  # a Cyrillic letter that looks like a
    (changed(partner="\uff44"), f"$.partner: partner {NAME} '\uff44'"),  # a full-width d
    (changed(partner="d\u200b"), "$.partner"),
    (changed(partner="d\u202e"), "$.partner"),
    (changed(partner="d "), f"$.partner: partner {NAME} 'd '"),
    (changed(partner="D"), f"$.partner: partner {NAME} 'D'"),
    (changed(partner="../a"), f"$.partner: partner {NAME} '../a'"),
    (changed(round="2026-06-2\uff19"), "$.round: round must be a round such as 2026-12-07 or 2026-12-07.2"),
    (changed(round="2026-06-29.1"), "$.round: round must be a round"),
    (changed(partner="a"), "its submission for round 2026-06-29 is one of a for round 2026-06-29"),
    (changed(partner="stranger"), "is one of stranger for round 2026-06-29"),
    (changed(round="2026-06-28"), "its submission for round 2026-06-29 is one of d for round 2026-06-28"),
]  # fmt: skip
NO_ENVELOPE: list[tuple[bytes, str]] = [
    (b"", "$: not JSON: Expecting value"),
    (b"\x00" * 100, "$: not JSON"),
    (b"[1]", "$: the message must be a mapping of format, kind"),
    (b"null", "$: the message must be a mapping of format, kind"),
    (json.dumps(GOOD).encode(), "$: the message needs format"),
    (b'{"a":' * 10_000, "more than 50 lists and mappings inside each other"),
    (b" " * 10_000_000, f"a message of 10,000,000 bytes; it may have {LARGEST:,}"),
]


@pytest.mark.parametrize(("data", "said"), MALFORMED)
def test_a_malformed_submission_is_its_senders_matter(parties: Parties, data: bytes, said: str) -> None:
    """The note names the sender and the fault, in printable characters; the sender counts as absent, the others as before."""
    before = round_status(parties.coordinator, ROUND.id)
    parties.send("d", data)
    status = round_status(parties.coordinator, ROUND.id)
    assert status.missing() == {"d": "absent:malformed"}
    assert (status.submissions, status.as_of) == (before.submissions, before.as_of)
    (note,) = notes(parties)
    assert note.startswith("d")
    assert said in note
    assert len(note) < 4000
    assert all(line.isprintable() for line in note.splitlines())


@pytest.mark.parametrize(("data", "said"), NO_ENVELOPE)
def test_what_is_no_envelope_is_its_senders_matter(parties: Parties, data: bytes, said: str) -> None:
    """The same, before any signature is looked at."""
    parties.inbox.write_bytes(KEY, data)
    assert round_status(parties.coordinator, ROUND.id).missing() == {"d": "absent:malformed"}
    (note,) = notes(parties)
    assert note.startswith("d")
    assert said in note


def notes(parties: Parties) -> list[str]:
    """Of what was set aside."""
    own = parties.coordinator.store
    return [own.read_bytes(key).decode() for key in own.keys(f"set_aside/{ROUND.id}")]


def a_folder(parties: Parties) -> None:
    parties.inbox.write_bytes(f"{KEY}/a.json", changed(partner="a"))


def a_link(parties: Parties) -> None:
    place(parties).symlink_to("/etc/hostname")


def a_link_to_another(parties: Parties) -> None:
    place(parties).symlink_to(parties.inbox.path(f"a/{ROUND.id}/submission.json"))


def place(parties: Parties) -> Path:
    """Of d's submission, in a folder that is there."""
    path = Path(parties.inbox.path(KEY))
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("put", "code", "said"),
    [
        (a_folder, "malformed", "d sent a folder where a message belongs"),
        (a_link, "store", "leads out of this participant's store through a link"),
        (a_link_to_another, "other_sender", "d sent a message of sender 'a' where one of 'd' belongs"),
    ],
)
def test_what_is_no_file_of_the_sender_is_set_aside(
    parties: Parties, put: Callable[[Parties], None], code: str, said: str
) -> None:
    """A folder, a link to a file of the host, a link to another company's message."""
    put(parties)
    status = round_status(parties.coordinator, ROUND.id)
    assert (status.ready, status.missing()) == (("a", "b", "c"), {"d": f"absent:{code}"})
    assert said in "".join(notes(parties))


def test_it_is_noted_once_for_each_text(parties: Parties, caplog: pytest.LogCaptureFixture) -> None:
    """However often the inbox is read; another fault is another note."""
    with caplog.at_level(logging.WARNING, "decai_forecast.link.folder"):
        for data in (b"{", b"{", b"[]"):
            parties.send("d", data)
            for _ in range(3):
                round_status(parties.coordinator, ROUND.id)
    assert len(notes(parties)) == len(caplog.records) == 2
    assert (
        caplog.records[0].getMessage().startswith("a submission for round 2026-06-29 is set aside: d sent a malformed message")
    )


def test_a_correct_submission_takes_its_place(parties: Parties) -> None:
    """And a malformed one the place of a correct one, as long as nobody has begun to train."""
    parties.send("d", b"{")
    parties.submit("d")
    assert round_status(parties.coordinator, ROUND.id).ready == ("a", "b", "c", "d")
    parties.send("d", b"{")
    assert round_status(parties.coordinator, ROUND.id).missing() == {"d": "absent:malformed"}


def test_a_malformed_submission_after_the_roster_changes_nothing(parties: Parties) -> None:
    """Who trains is written once."""
    parties.submit("d")
    roster = write_roster(parties.coordinator, ROUND)
    parties.send("d", b"{")
    assert write_roster(parties.coordinator, ROUND) == roster
    assert sorted(roster.members) == ["a", "b", "c", "d"]


def test_roster_and_closing_are_those_without_it(parties: Parties) -> None:
    """The others reach their quorum, and everybody reads why the sender is missing."""
    parties.send("d", b"\xff{")
    roster = write_roster(parties.coordinator, ROUND)
    assert (sorted(roster.members), roster.missing) == (["a", "b", "c"], {"d": "absent:malformed"})
    closing = close(parties.coordinator, ROUND)
    assert (closing.status, closing.members) == (ClosingStatus.CLOSED, ("a", "b", "c"))
    assert closing.note.endswith("; missing: d (absent:malformed).")
    assert parties.company("a").link.closing(ROUND.id) == closing


def test_it_does_not_count_for_the_quorum(tmp_path: Path) -> None:
    """Two ready companies and a malformed message are two."""
    parties = Parties(tmp_path, quorum=3)
    parties.submit("ab")
    parties.send("d", changed(partner="c"))
    closing = close(parties.coordinator, ROUND)
    assert closing.status is ClosingStatus.BELOW_QUORUM
    assert "2 of 4 partners delivered, 3 are needed; missing: c (absent), d (absent:malformed)." in closing.note


def test_another_cut_off_is_set_aside(parties: Parties) -> None:
    """One company's word moves nobody else's round."""
    parties.submit("d", as_of=ROUND.as_of.replace(day=1))
    status = round_status(parties.coordinator, ROUND.id)
    assert (status.as_of, status.missing()) == (ROUND.as_of, {"d": "absent:other_as_of"})


@pytest.mark.parametrize("name", ["stranger", "A", "d ", "d.json", "a\n", "\u0430", "set_aside", "x" * 200, "\x1b[2J", "-rf"])
def test_what_lies_below_another_name_is_not_looked_at(parties: Parties, name: str) -> None:
    """It changes no partner's standing."""
    parties.inbox.write_bytes(f"{name}/{ROUND.id}/submission.json", changed(partner=name))
    status = round_status(parties.coordinator, ROUND.id)
    assert (status.ready, status.missing()) == (("a", "b", "c"), {"d": "absent"})
    assert notes(parties) == []


@pytest.mark.parametrize("name", ["d.json", "submission.JSON", "submission", "submission.json.1", ".put-1"])
def test_other_files_are_not_looked_at(parties: Parties, name: str) -> None:
    """A message has the name of its kind."""
    parties.inbox.write_bytes(f"d/{ROUND.id}/{name}", changed())
    assert round_status(parties.coordinator, ROUND.id).missing() == {"d": "absent"}
    assert notes(parties) == []


def test_only_rounds_are_rounds(parties: Parties) -> None:
    """Other folders of the inbox are none, whatever lies in them."""
    for name in ("x", "2026-06-29.1", "2026-6-1", "2026-06-2\uff19"):
        parties.inbox.write_bytes(f"a/{name}/submission.json", changed())
    parties.submit("a", round="2026-06-29.10")
    parties.submit("a", round="2026-06-29.2")
    assert parties.coordinator.link.rounds() == ["2026-06-29", "2026-06-29.2", "2026-06-29.10"]


def test_a_submission_comes_over_as_it_was_sent(parties: Parties) -> None:
    """All of its fields, through the same folder that the company writes."""
    sent = submission(
        "d", state=State.REFUSED, code="stale", verdicts={"demand": Verdict.REFUSED}, quarantined=3, digest="", late=True
    )
    parties.company("d").link.submit(sent)
    assert parties.coordinator.link.submissions(ROUND.id).submissions["d"] == sent
    assert (sent.reason, round_status(parties.coordinator, ROUND.id).missing()) == ("refused:stale", {"d": "refused:stale"})


def test_the_link_works_over_an_object_store() -> None:
    """With the same promises where there are no folders."""
    inbox, public = Store("memory://link/inbox", "inbox"), Store("memory://link/public", "public")
    rings = {name: Keyring(Store(f"memory://link/{name}", name)) for name in (COORDINATOR, "a")}
    introduced(rings.values())
    own = Store(f"memory://link/{COORDINATOR}", COORDINATOR)
    coordinator = CoordinatorFolder(inbox, public, rings[COORDINATOR], own, ("a", "b", "c"))
    assert coordinator.rounds() == []
    CompanyFolder(inbox, public, rings["a"], "a").submit(submission("a"))
    inbox.write_bytes(f"b/{ROUND.id}/submission.json", b"{")
    inbox.write_bytes(f"c/{ROUND.id}/submission.json/x", b"")
    for _ in range(2):
        read = coordinator.submissions(ROUND.id)
        assert read.submissions == {"a": submission("a")}
        assert read.set_aside == {"b": "malformed", "c": "store"}
    assert len(own.keys(f"set_aside/{ROUND.id}")) == 2
    assert coordinator.rounds() == [ROUND.id]


@pytest.mark.parametrize(
    "change", [{"rows": 0}, {"rows": 10**12}, {"quarantined": 10}, {"verdicts": {}}, {"code": "x" * 40}, {"late": True}]
)
def test_what_lies_on_the_border_is_taken(parties: Parties, change: Mapping[str, Any]) -> None:
    """No rows and very many, all of them in quarantine, the longest code."""
    parties.send("d", changed(**change))
    assert round_status(parties.coordinator, ROUND.id).ready == ("a", "b", "c", "d")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def mutations() -> st.SearchStrategy[bytes]:
    """The submission with keys gone, other values, cut off, or with other bytes in its midst."""
    text = json.dumps(GOOD).encode()
    keys = st.sampled_from(sorted(GOOD))
    values = st.dictionaries(keys | st.text(max_size=5), VALUES, max_size=3).map(lambda some: changed(**some))
    lost = st.sets(keys, max_size=3).map(lambda gone: json.dumps({k: v for k, v in GOOD.items() if k not in gone}).encode())
    where = st.integers(0, len(text))
    cut = where.map(lambda end: text[:end])
    spliced = st.builds(
        lambda at, some, to: text[:at] + some + text[at + to :], where, st.binary(max_size=6), st.integers(0, 6)
    )
    return values | lost | cut | spliced


@given(mutations())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_a_submission_is_read_or_set_aside(parties: Parties, data: bytes) -> None:
    """Nothing else is raised; what is read is of the types that a submission has, and the others' standing does not change."""
    parties.send("d", data)
    inbox = parties.coordinator.link.submissions(ROUND.id)
    assert set(inbox.submissions) - {"d"} == {"a", "b", "c"}
    if "d" not in inbox.submissions:
        assert inbox.set_aside == {"d": "malformed"}
        return
    read = inbox.submissions["d"]
    assert [type(value) for value in values_of(read)] == [type(value) for value in values_of(submission("d"))]
    assert json.loads(encoded(read)) == {
        **json.loads(encoded(Submission("d", ROUND.id, read.as_of, read.state))),
        **json.loads(data),
    }


def values_of(message: Submission) -> Iterator[object]:
    return (getattr(message, name) for name in GOOD)
