"""Who is left out for a training that ended: whom most others accuse, with the same code; never who found something first."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_company import outcomes_with
from training_parties import IDENTITIES, companies, outcomes, plan, records, roster_of, rows, together

from decai_forecast.federation.exact.audit import Evidence, audited
from decai_forecast.federation.exact.coordinate import judged
from decai_forecast.federation.exact.errors import Forged, Refused, Tampered
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.train import Trained
from decai_forecast.federation.exact.transcript import SignedTree, Transcript

NAMES = ["ada", "bea", "cyd", "dot"]


def blamed(*answers: str) -> dict[str, str]:
    return judged(dict(zip(NAMES, answers, strict=True)), NAMES)[1]


def test_most_others_decide() -> None:
    """One accuser may have been lied to alone, or lie; they must accuse of the same, and nobody is blamed for accusing."""
    gone = "exact_peer_lost"
    assert blamed("exact_forged_3", "exact_forged_3", "exact_forged_3", gone) == {"dot": "exact_forged"}
    assert blamed("exact_tampered_0", "exact_tampered_0", "exact_tampered_0", "exact_forged_99") == {"ada": "exact_tampered"}
    assert blamed("exact_forged_3", gone, gone, gone) == {}
    assert blamed("exact_forged_3", "exact_tampered_3", gone, gone) == {}
    assert blamed("exact_forged_0", "exact_forged_1", "exact_forged_2", "exact_forged_3") == {}
    codes, _ = judged({"ada": "exact_forged_1", "bea": gone, "cyd": "timeout"}, NAMES[:3])
    assert codes == {"ada": "exact_forged", "bea": gone, "cyd": "timeout"}


def sums(session: SecureSession) -> Any:
    session.secure_sum("whole", np.arange(4), 4)
    return session.sign_off()


def test_a_share_that_is_not_the_promised_one_names_its_sender(tmp_path: Path) -> None:
    """A two-faced share of the group's key made honest companies' messages not open, and named them."""
    for one in outcomes_with("share", 1, lambda _: b"s" * 32, tmp_path)[:3]:
        assert isinstance(one, Forged)
        assert one.rank == 3


def test_after_a_tree_everybody_holds_everybodys_signature() -> None:
    """Of all it broadcast and sent; what is changed in it is found by whoever has the roster."""
    found = together([sums] * 3)
    assert isinstance(found[0], SignedTree)
    assert len({one.statements for one in found}) == 1
    found[0].verify(roster_of(3))
    first, *others = found[0].statements
    with pytest.raises(Tampered, match="ada"):
        SignedTree(found[0].epoch, (bytes([first[0] ^ 1]) + first[1:], *others)).verify(roster_of(3))


def test_who_signs_something_else_than_it_sent_is_named() -> None:
    """To one, or to all: whoever got it holds the proof."""

    def lying(session: SecureSession) -> Any:
        session.transcript.broadcast([b"what nobody heard"] * 3)
        return sums(session)

    found = together([sums, sums, lying])
    assert [str(one) for one in found[:2]] == [
        f"cyd: signed something else than what it sent to {name}" for name in ("ada", "bea")
    ]


def kept_by(folder: Path, k: int) -> Evidence:
    store = records(k, folder)._store
    [key] = store.keys("federation/exact/evidence")
    return Evidence.unpack(store.read_bytes(key))


def test_evidence_of_another_release_is_named_and_hides_no_other(tmp_path: Path) -> None:
    """By its file, format and release; a damaged one likewise, and one of before formats were named is read."""
    parts = companies()
    assert all(isinstance(one, Trained) for one in outcomes(parts, plan(trees=1), tmp_path))
    kept = records(0, tmp_path)
    [key] = kept._store.keys("federation/exact/evidence")
    line, _, body = kept._store.read_bytes(key).partition(b"\n")
    head = json.loads(line)
    unnamed = {name: one for name, one in head.items() if name not in ("format", "release")}
    kept._store.write_bytes(key, json.dumps(unnamed).encode() + b"\n" + body)
    kept._store.write_bytes(f"{key}1", json.dumps(head | {"format": 7, "release": "9.1"}).encode() + b"\n" + body)
    kept._store.write_bytes(f"{key}2", line + b"\n" + body[:-5])
    kept._store.write_bytes(f"{key}3", b"\x00")
    assert len(list(kept.evidence())) == 1
    newer, cut, none = kept.unread_evidence()
    assert newer.startswith(f"ada: {key}1 has format 7, of release 9.1, and this one reads 1")
    assert cut.endswith("2 is damaged; put it back from a backup")
    assert none.endswith("3 is damaged; put it back from a backup")


def test_an_opened_tree_names_who_put_in_what_no_rows_have(tmp_path: Path) -> None:
    """Every company keeps its openings; honest ones are those of rows. Who opens nothing, something else than it committed to,
    more rows than its contract check counted, or sums that no rows have, is named."""
    parts = companies()
    assert all(isinstance(one, Trained) for one in outcomes(parts, plan(trees=2), tmp_path))
    kept = [kept_by(tmp_path, k) for k in range(3)]
    given = {IDENTITIES[k].name: one.disclosed(1) for k, one in enumerate(kept)}
    counted = {IDENTITIES[k].name: len(part.label) for k, part in enumerate(parts)}

    def audit(**changes: Any) -> dict[str, str]:
        told: dict[str, Any] = {"given": given, "rows": counted, "slope": 1.0} | changes
        return audited(roster_of(3), kept[1].signed, 1, **told)

    assert audit() == {}
    assert audit(given={name: one for name, one in given.items() if name != "bea"}) == {"bea": "does not open the tree"}
    other = replace(given["bea"], opening=replace(given["bea"].opening, sums=given["ada"].opening.sums))
    assert audit(given=given | {"bea": other}) == {"bea": "opens other sums than it committed to"}
    first = replace(given["bea"], commitments=given["ada"].commitments)
    assert audit(given=given | {"bea": first}) == {"bea": "shows other commitments than it signed"}
    assert audit(rows=counted | {"cyd": 5})["cyd"].startswith("counts")
    assert set(audit(slope=0.01)) == {"ada", "bea", "cyd"}


def test_who_sends_another_sum_than_it_committed_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commitment is what rows could have; the masks that it opens show that it sent something else."""
    commit = Transcript.commit

    def sly(transcript: Transcript, numbers: Any) -> None:
        """Commits to a copy, in which five bins have other gradients than those that are sent."""
        commit(transcript, [one.copy() for one in numbers])
        if transcript._rank == 1 and len(numbers) == 2:
            numbers[0][:5] = 0

    monkeypatch.setattr(Transcript, "commit", sly)
    parts = companies(4)
    assert all(isinstance(one, Trained) for one in outcomes(parts, plan(trees=2, subject="2026-06-22"), tmp_path))
    kept = [kept_by(tmp_path, k) for k in range(4)]
    assert {(one.subject.of, one.subject.rows) for one in kept} == {("2026-06-22/0.5", len(part.label)) for part in parts}
    given = {IDENTITIES[k].name: one.disclosed(1) for k, one in enumerate(kept)}
    counted = {IDENTITIES[k].name: len(part.label) for k, part in enumerate(parts)}
    named = audited(roster_of(4), kept[0].signed, 1, given, counted, 1.0)
    assert named == {"bea": "sent ada another sum than it committed to"}


def test_who_shows_something_else_than_it_heard_is_named(tmp_path: Path) -> None:
    """The sender's signature holds the digest of what it sent; of a key of masks that both committed to, both are named."""
    parts = companies(4)
    assert all(isinstance(one, Trained) for one in outcomes(parts, plan(trees=1), tmp_path))
    kept = [kept_by(tmp_path, k) for k in range(4)]
    given = {IDENTITIES[k].name: one.disclosed(0) for k, one in enumerate(kept)}
    counted = {IDENTITIES[k].name: len(part.label) for k, part in enumerate(parts)}
    assert audited(roster_of(4), kept[0].signed, 0, given, counted, 1.0) == {}
    root, hist = given["cyd"].heard
    made_up = replace(given["cyd"], heard=(replace(root, parts=(b"x" * 24, *root.parts[1:])), hist))
    named = audited(roster_of(4), kept[0].signed, 0, given | {"cyd": made_up}, counted, 1.0)
    assert named == {"cyd": "shows something else of ada than that one signed"}


def test_masks_of_a_tree_are_used_once() -> None:
    """A second sum under the same keys would show the difference of both."""

    def twice(session: SecureSession) -> None:
        session.begin_tree(3)
        session.begin_tree(3)

    assert all(isinstance(one, Refused) for one in together([twice] * 3))


def test_a_poisoner_is_named_by_its_own_commitment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It puts ten times what its rows can have into the sum of a tree's root, where the others' rows hide it."""
    commit = Transcript.commit

    def greedy(transcript: Transcript, numbers: Any) -> None:
        if transcript._rank == 0 and len(numbers[0]) == 3:  # before it is masked and committed to: gradient, of a hessian
            numbers[0][1] = 3 * numbers[0][0]
        commit(transcript, numbers)

    monkeypatch.setattr(Transcript, "commit", greedy)
    parts = [rows(0, 60), rows(1, 400), rows(2, 400)]
    found = outcomes(parts, plan(trees=1, alpha=0.5), tmp_path)
    assert all(isinstance(one, Trained) for one in found), found
    kept = [kept_by(tmp_path, k) for k in range(3)]
    given = {IDENTITIES[k].name: one.disclosed(0) for k, one in enumerate(kept)}
    named = audited(roster_of(3), kept[0].signed, 0, given, dict.fromkeys(given, 400), 1.0)
    assert list(named) == ["ada"]
    assert named["ada"].startswith("1 sums that no rows have")
