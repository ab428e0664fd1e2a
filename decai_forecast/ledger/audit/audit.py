"""The audit: the checks in their order, each with what the one before it has proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from decai_forecast.ledger.audit.anchored import AnchorCheck
from decai_forecast.ledger.audit.chronicle import Chronicle
from decai_forecast.ledger.audit.lines import Colour, Fault, Line, line_of
from decai_forecast.ledger.audit.published import Models, file_faults, member_faults
from decai_forecast.ledger.audit.tree import Tree
from decai_forecast.ledger.files import LogOf, PublicSource
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.policy import Policy, Verdict
from decai_forecast.ledger.names import keys_of, participant_of
from decai_forecast.ledger.tile_hashes import CHECKPOINT, PENDING

__all__ = ["Auditing", "audit"]

Further = Callable[[Chronicle], Line]
TELL = 1_000  # entries between two calls of progress


@dataclass(frozen=True)
class Auditing:
    """``public``: the public part of a network; ``policy``: whom the auditor believes; ``since``: a checkpoint that the
    auditor saved earlier; ``round``: only files and models of this round, the log is read whole in any case. ``progress``:
    entries read, of all. ``more``: checks that only some can make, such as of an own store. ``anchors``: what was
    shown to somebody outside."""

    public: PublicSource
    policy: Policy
    since: Note | None = None
    round: str = ""
    progress: Callable[[int, int], None] = field(default=lambda _done, _of: None)
    more: tuple[Further, ...] = ()
    anchors: tuple[AnchorCheck, ...] = ()
    all_known: bool = False  # whether the policy knows all witnesses, as that of a participant does


def audit(asked: Auditing) -> Iterator[Line]:
    """The lines, as they are found. :class:`~decai_forecast.errors.LedgerError` where nothing answers."""
    yield _policy(asked.policy)
    note, verdict, line = _checkpoint(asked)
    yield line
    if note is None:
        return
    checkpoint = Checkpoint.parse(note.text)
    pending, faults = _pending(asked)
    size = max(checkpoint.size, pending.size if pending else 0)
    tree, chronicle = Tree(LogOf(asked.public), size), _chronicle(asked, verdict)
    _read(asked, tree, chronicle)
    yield _consistency(asked, tree)
    yield _tree(tree, checkpoint, pending, faults)
    for anchored in asked.anchors:
        yield anchored(tree)
    yield line_of("statements", f"{chronicle.count:,} statements: signatures, keys, times, contradictions", chronicle.faults)
    yield _views(tree, chronicle)
    yield _published(asked, chronicle)
    yield _models(asked, chronicle)
    for further in asked.more:
        yield further(chronicle)


def _policy(policy: Policy) -> Line:
    needed, members = policy.needed()
    logs = ", ".join(key.name for key in policy.logs) or "no log"
    faults = [] if policy.logs else [Fault("policy", "policy_log", "it names no log, so that no checkpoint can hold")]
    witnesses = {participant_of(key) for key in policy.witnesses.values()}
    return line_of("policy", f"{logs}; {len(witnesses)} witnesses, a quorum is {needed} of {members}", faults)


def _checkpoint(asked: Auditing) -> tuple[Note | None, Verdict | None, Line]:
    data = LogOf(asked.public).read(CHECKPOINT)
    if data is None:
        return (
            None,
            None,
            line_of("checkpoint", "none", [Fault(CHECKPOINT, "log_file_missing", "not there: no quorum signed one")]),
        )
    try:
        note = Note.parse(data)
        Checkpoint.parse(note.text)
    except ValueError as error:
        return None, None, line_of("checkpoint", "unreadable", [Fault(CHECKPOINT, "log_checkpoint", str(error))])
    try:
        verdict = asked.policy.judge(note)
    except ValueError as error:
        return note, None, line_of("checkpoint", "signatures", [Fault(CHECKPOINT, "log_checkpoint", str(error))])
    needed, members = asked.policy.needed()
    signed = sorted({participant_of(one.key) for one in verdict.witnesses.values()})
    text = f"{verdict.checkpoint.size:,} entries, cosigned by {len(signed)} of {members} witnesses, {needed} are needed"
    why = f"only {', '.join(signed) or 'nobody'} signed it"
    faults = [] if verdict.enough else [Fault(CHECKPOINT, "log_quorum", why)]
    if asked.all_known and len(note.lines) > len(verdict.witnesses) + 1:
        faults.append(Fault(CHECKPOINT, "log_signature", "it has a signature of nobody whom the policy knows"))
    return note, verdict, line_of("checkpoint", text, faults)


def _pending(asked: Auditing) -> tuple[Checkpoint | None, list[Fault]]:
    """The newest checkpoint that the log has signed, which witnesses may not have seen yet."""
    data = LogOf(asked.public).read(PENDING)
    if data is None:
        return None, []
    try:
        note = Note.parse(data)
        asked.policy.judge(note)
        return Checkpoint.parse(note.text), []
    except ValueError as error:
        return None, [Fault(PENDING, "log_pending", str(error))]


def _chronicle(asked: Auditing, verdict: Verdict | None) -> Chronicle:
    now = datetime.now(UTC)
    times = [signed.time for signed in verdict.witnesses.values() if signed.time] if verdict else []
    witnessed = verdict.checkpoint.size if verdict and times else 0
    try:
        at = datetime.fromtimestamp(max(times, default=0), UTC)
    except (OverflowError, ValueError, OSError):  # of a witness whose clock is far from ours
        at = now
    return Chronicle(keys_of(asked.policy), witnessed, at, now)


def _read(asked: Auditing, tree: Tree, chronicle: Chronicle) -> None:
    def visit(index: int, entry: bytes) -> None:
        chronicle.take(index, entry)
        if index % TELL == 0 or index + 1 == tree.size:
            asked.progress(index + 1, tree.size)

    tree.read(visit)
    tree.check_leftovers(asked.public)


def _consistency(asked: Auditing, tree: Tree) -> Line:
    if asked.since is None:
        return Line("consistency", Colour.NONE, "no checkpoint was saved earlier; --since compares with one")
    try:
        saved = asked.policy.judge(asked.since).checkpoint
    except ValueError as error:
        return line_of(
            "consistency", "with the saved checkpoint", [Fault("the saved checkpoint", "log_checkpoint", str(error))]
        )
    text = f"the {saved.size:,} entries of the saved checkpoint are the first {saved.size:,} of {tree.size:,}"
    return line_of("consistency", text, _saved_faults(tree, saved))


def _saved_faults(tree: Tree, saved: Checkpoint) -> list[Fault]:
    if saved.size > tree.size:
        return [Fault(CHECKPOINT, "log_rewound", f"the log has {tree.size:,} entries, and had {saved.size:,}")]
    if len(tree.leaves) >= saved.size and tree.root(saved.size) != saved.root:
        return [Fault(CHECKPOINT, "log_split", f"the first {saved.size:,} entries are other ones than when it was saved")]
    return []


def _tree(tree: Tree, checkpoint: Checkpoint, pending: Checkpoint | None, faults: list[Fault]) -> Line:
    ends = [(CHECKPOINT, checkpoint), *([(PENDING, pending)] if pending else [])]
    for name, one in ends:
        if len(tree.leaves) >= one.size and tree.root(one.size) != one.root:
            faults.append(Fault(name, "log_root", f"its root is not that of the {one.size:,} entries that are there"))
    more = tree.size - checkpoint.size
    text = f"{tree.size:,} entries lead to the signed root" + (
        f"; {more:,} of them no quorum has witnessed yet" if more else ""
    )
    return line_of("tree", text, [*faults, *tree.faults])


def _views(tree: Tree, chronicle: Chronicle) -> Line:
    """Participants state which checkpoint they saw: two views of one log would meet in it."""
    faults = [
        Fault(
            f"entry {view.entry}", "log_split", f"{view.participant} was shown another log over its first {view.size:,} entries"
        )
        for view in chronicle.views
        if view.size > len(tree.leaves) or tree.root(view.size) != view.root
    ]
    return line_of("views", f"{len(chronicle.views):,} participants' views of the log are one", faults)


def _published(asked: Auditing, chronicle: Chronicle) -> Line:
    faults = file_faults(asked.public, chronicle, asked.round) + member_faults(chronicle, asked.round)
    rounds = [asked.round] if asked.round else sorted(chronicle.members)
    if asked.round and asked.round not in chronicle.members:
        faults.append(Fault(f"round {asked.round}", "round_unstated", "the log does not say that it was closed"))
    files = sum(any(asked.round in ("", claim.round) for claim in claims) for claims in chronicle.files.values())
    return line_of("published", f"{files:,} published files of {len(rounds):,} rounds are those that were stated", faults)


def _models(asked: Auditing, chronicle: Chronicle) -> Line:
    models = Models(asked.public, chronicle, keys_of(asked.policy))
    models.check(asked.round)
    text = f"{models.models:,} models, {models.signed:,} of them signed by all who grew them"
    return line_of("models", text, models.faults)
