"""A wrong network.yaml is refused with the place of every fault, what is allowed there and what may have been meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_files import FULL, changed, loaded, refused

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network

CRON = "a cron expression such as '0 1 * * *' (minute hour day month weekday)"
PRIVACY = "privacy: {epsilon: 3, budget: 30}"
BOOK = "code_book: {column: category, names: [beer, gin, rum]}"
WRONG = [  # (what stands there, what instead, the only fault)
    ("version: 1", "version: 2", "1:10: expected version: 1"),
    ("version: 1", "version: true", "1:10: expected version: 1"),
    ("name: four", "name: 5", "2:7: name must be text of 1 to 100 characters, not 5; put it into quotes"),
    ("name: four", "name: no", "2:7: name must be text of 1 to 100 characters, not false; put it into quotes"),
    ("name: four", "name:", "2:6: name must be text of 1 to 100 characters, not nothing"),
    ("name: four", "name: ''", "2:7: name must be text of 1 to 100 characters, not ''"),
    ("name: four", 'name: "a\\0"', "2:7: the character U+0000 is not allowed"),
    ("name: four", f"name: {'x' * 101}", f"2:7: name must be text of 1 to 100 characters, not '{'x' * 56}..."),
    ("name: four\n", "", "1:1: a network file needs name"),
    ("name: four", "name: four\nnmae: x", "3:1: unknown key 'nmae'; did you mean 'name'?"),
    ("name: four", "name: four\nname: x", "3:1: key 'name' is there twice (first in line 2); keep one of them"),
    ("frequency: W", "frequency: Q", "3:12: frequency must be D (daily), W (weekly, Mondays) or M (monthly), not 'Q'"),
    ("frequency: W", "frequency: 7", "3:12: frequency must be D (daily), W (weekly, Mondays) or M (monthly), not 7"),
    ("horizon: 13", "horizon: '13'", "4:10: horizon must be a whole number from 1 to 1,000, not '13'"),
    ("horizon: 13", "horizon: 13.5", "4:10: horizon must be a whole number from 1 to 1,000, not 13.5"),
    ("horizon: 13", "horizon: 0", "4:10: horizon must be a whole number from 1 to 1,000, not 0"),
    ("horizon: 13", "horizon: true", "4:10: horizon must be a whole number from 1 to 1,000, not true"),
    ("horizon: 13", "horizon: 015",
     "4:10: 015 is read as another number; put it into quotes, or write the number that is meant"),
    ("horizon: 13", "horizon: 99999999999999999999", "4:10: 99999999999999999999 is no number of 64 bits"),
    ("Europe/Paris", "Mars", "5:12: time_zone must be an IANA name such as Europe/Paris, not 'Mars'"),
    ("Europe/Paris", "../../etc", "5:12: time_zone must be an IANA name such as Europe/Paris, not '../../etc'"),
    ("simulated: false", "simulated: 'no'", "6:12: simulated must be true or false, not 'no'"),
    ("simulated: false", "simulated: 0", "6:12: simulated must be true or false, not 0"),
    ("id: acme", "id: Acme!", "8:8: id must be 1-40 of a-z, 0-9 and _ (and not the word coordinator), not 'Acme!'"),
    ("id: corex", "id: coordinator",
     "10:8: id must be 1-40 of a-z, 0-9 and _ (and not the word coordinator), not 'coordinator'"),
    ("id: corex", "id: bolt", "10:8: a second participant 'bolt'; give each an id of its own"),
    ("{id: corex}", "corex", "10:3: an entry of participants must be a mapping of id, roles, store, not 'corex'"),
    ("{id: corex}", "{}", "10:3: an entry of participants needs id"),
    ("[partner]", "[parnter]", "8:22: an entry of roles must be partner, not 'parnter'; did you mean 'partner'?"),
    ("[partner]", "partner", "8:21: roles must be a list, not 'partner'; write [partner]"),
    ("store: \"s3", "stroe: \"s3", "9:14: unknown key 'stroe'; did you mean 'store'?"),
    ("s3://bolt/decai", "s3://key:hunter2@bolt",
     "9:21: a password in store does not belong into a network file; the store's own environment variables hold it"),
    ("{id: corex}", '{id: corex, store: "s3://bolt/decai"}',
     "10:22: a second participant with the store 's3://bolt/decai'; give each a store of its own"),
    ("quorum: 3", "quorum: three", "13:9: quorum must be a whole number, not 'three'"),
    ("quorum: 3", "quorum: 5",
     "13:9: quorum must be a whole number from 3 to 4, the number of partners, not 5; without it two thirds are needed"),
    ("quorum: 3", "quorum: 2",
     "13:9: quorum must be a whole number from 3 to 4, the number of partners, not 2; without it two thirds are needed"),
    ("quorum: 3", "quorum: 0",
     "13:9: quorum must be a whole number from 3 to 4, the number of partners, not 0; without it two thirds are needed"),
    ("strategy: exact", "strategy: exakt",
     "14:11: strategy must be one of exact, bagging, cyclic, median, trimmed_mean, not 'exakt'; did you mean 'exact'?"),
    ("runtime: in_process", "runtime: 3", "15:10: runtime must be one of in_process, superlink, not 3"),
    ("grace_minutes: 30", "grace_minutes: soon", "16:16: grace_minutes must be a number from 0 to 10,080, not 'soon'"),
    ("grace_minutes: 30", "grace_minutes: -5", "16:16: grace_minutes must be a number from 0 to 10,080, not -5"),
    ("grace_minutes: 30", "grace_minutes: .nan", "16:16: nan is no number of 64 bits"),
    ("grace_minutes: 30", "grace_minutes: 1e400", "16:16: grace_minutes must be a number from 0 to 10,080, not '1e400'"),
    ("grace_minutes: 30", "grace_minutes: 1:30",
     "16:16: 1:30 is read as another number; put it into quotes, or write the number that is meant"),
    ("late_minutes: 60.5", "late_minutes: .inf", "17:15: inf is no number of 64 bits"),
    ("retry_minutes: 0", "retry_minutes: [0]", "18:1: retry_minutes must be a number from 0 to 10,080, not a list of 1"),
    ("deliver_at: 0 1 * * *", "deliver_at: midnight", f"19:13: deliver_at must be {CRON}, not 'midnight'"),
    ("deliver_at: 0 1 * * *", "deliver_at: 61 25 * * *", f"19:13: deliver_at must be {CRON}, not '61 25 * * *'"),
    ('close_at: "30 3 * * 1-5"', "close_at: 30 3 * * * *", f"20:11: close_at must be {CRON}, not '30 3 * * * *'"),
    ("deliver_at: 0 1 * * *", "deliver_at: 0 1 30 2 *", f"19:13: deliver_at must be {CRON}, not '0 1 30 2 *'"),
    ("deliver_at: 0 1 * * *", "deliver_at: 0 5 * * *",
     "19:1: deliver_at: a delivery at '0 5 * * *' (Europe/Paris) is in time for no round: rounds are closed at '30 3 * * 1-5' "
     "(Europe/Paris, close_at) and take what starts between 12 hours (window_hours) and 10 minutes before; one at 01:30 "
     "would be in time"),
    ("deliver_at: 0 1 * * *", "deliver_at: 0 1 * * *\nwindow_hours: 200",
     "20:15: window_hours must be a number above 0, at most 168, not 200"),
    ("2026-03-02", "yesterday", "21:15: replay_as_of must be a date such as 2026-12-07, not 'yesterday'"),
    ("2026-03-02", "2026-02-30", "21:15: replay_as_of must be a date such as 2026-12-07, not '2026-02-30'"),
    ("2026-03-02", "20260302", "21:15: replay_as_of must be a date such as 2026-12-07, not 20260302"),
    ("[/srv/exports]", "/srv/exports", "22:17: source_folders must be a list, not '/srv/exports'; write [/srv/exports]"),
    ("[/srv/exports]", "[exports]",
     "22:18: an entry of source_folders must be an absolute folder such as /srv/exports, not 'exports'"),
    ("lead_time_days: 21", "lead_time_days: two weeks",
     "24:19: lead_time_days must be a whole number from 1 to 3,650, not 'two weeks'"),
    ("lead_time_days: 21", "lead_time: 21", "24:3: unknown key 'lead_time'; did you mean 'lead_time_days'?"),
    ("holding_cost: 1\n", "holding_cost: nine\n", "25:17: holding_cost must be a number above 0, not 'nine'"),
    ("holding_cost: 1\n", "holding_cost: 0\n", "25:17: holding_cost must be a number above 0, not 0"),
    ("review_periods: 1", "review_periods: 0", "27:19: review_periods must be a whole number from 1 to 1,000, not 0"),
    ("outage_days: 28", "outage_days: -1", "28:25: supplier_outage_days must be a whole number from 1 to 3,650, not -1"),
    ("currency: EUR", "currency: Euro",
     "29:13: currency must be a currency of ISO 4217 such as EUR, not 'Euro'; did you mean 'EUR'?"),
    ("holding_rate: 0.2", "holding_rate: 20", "30:17: holding_rate must be a number above 0, at most 1, not 20"),
    ("url_env: HOOK", "url: https://x", "32:3: an entry of notify needs url_env"),
    ("url_env: HOOK", "url_env: $HOOK",
     "32:28: url_env must be the name of an environment variable such as SMTP_USER, not '$HOOK'"),
    ("kind: webhook", "kind: carrier-pigeon", "32:10: kind must be one of webhook, smtp, not 'carrier-pigeon'"),
    ("kind: webhook, ", "", "32:3: an entry of notify needs kind, one of webhook, smtp"),
    ("- {kind: webhook, url_env: HOOK}", "- webhook",
     "32:3: an entry of notify must be a mapping with kind, one of webhook, smtp, not 'webhook'"),
    ("port: 587", "port: 70000", "33:46: port must be a whole number from 1 to 65,535, not 70000"),
    ("to: [ops@example.com]", "to: []", "33:74: to must be a list that is not empty, not an empty list"),
    ("[ops@example.com]", "[ops]", "33:79: an entry of to must be a mail address such as planning@acme.example, not 'ops'"),
    (", user_env: U", "", "33:3: user_env and password_env belong together; give both or neither"),
    ("  acme:\n", "  amce:\n",
     "35:3: supply names 'amce', which is no participant; did you mean 'acme'?; there are acme, bolt, corex, dyna, auditor"),
    ("suppliers:", "suplier:", "36:5: unknown key 'suplier'; did you mean 'suppliers'?"),
    ("capacity: 100", "capacity: lots", "37:48: capacity must be a number of at least 0, not 'lots'"),
    ("location_id: dc,", "", "39:7: an entry of sites needs location_id"),
    ("to_id: dc, lead", "to_id: 0715, lead",
     "41:27: 0715 is read as another number; put it into quotes, or write the number that is meant"),
    ("share: 1", "share: 30", "41:58: share must be a number from 0 to 1, not 30"),
    ("item_id: 4711", "item_id: true", "41:70: item_id must be a name, not true; put it into quotes"),
    ("quantity: 2", "quantity: 0", "43:52: quantity must be a number above 0, not 0"),
    ("early_stopping_rounds: 0", "early_stopping_rounds: -1",
     "44:24: early_stopping_rounds must be a whole number of trees, 0 for never, not -1"),
    (BOOK, "code_book: [beer, gin]", "45:1: code_book must be a mapping of column, names, not a list of 2"),
    (BOOK, "code_book: {names: [beer, gin]}", "45:1: code_book needs column"),
    ("names: [beer, gin, rum]", "names: beer", "45:38: names must be a list of 2 to 62 entries, not 'beer'; write [beer]"),
    ("column: category", "column: price", "45:21: column must be one of item_id, category, not 'price'"),
    ("names: [beer, gin, rum]", "names: [a]", "45:31: names must be a list of 2 to 62 entries, not a list of 1"),
    ("[beer, gin, rum]", "[beer, 42]",
     "45:45: an entry of names must be text of 1 to 1,000 characters, not 42; put it into quotes"),
    ("[beer, gin, rum]", "[beer, gin, beer]", "45:50: 'beer' is there twice; each name needs one place"),
    ("strategy: exact", "strategy: median",
     "45:1: code_book needs strategy exact, bagging or cyclic, not median; drop it"),
    (BOOK, f"{PRIVACY}\nstrategy: cyclic", "46:1: key 'strategy' is there twice (first in line 14); keep one of them"),
    ("way: folder", "way: mail", "46:13: way must be one of folder, https, not 'mail'"),
    ("way: folder", "way: https", "46:20: over https the coordinator alone opens its folders; leave it out"),
    ("memory://link/out", "memory://link/in",
     "46:56: the same address as inbox: everybody reads the one, each company writes the other"),
    ("memory://link/in", "s3://key:secret@link/in",
     "46:28: a password in inbox does not belong into a network file; the store's own environment variables hold it"),
    (BOOK, "privacy: {epsilon: 3}", "45:1: privacy needs budget"),
    (BOOK, "privacy: 3", "45:10: privacy must be a mapping of epsilon, budget, delta, not 3"),
    (BOOK, "privacy: {epsilon: low, budget: 3}", "45:20: epsilon must be a number above 0, at most 100, not 'low'"),
    (BOOK, "privacy: {epsilon: 3, budget: 3, delta: 0.5}", "45:41: delta must be a number above 0, below 0.01, not 0.5"),
    (BOOK, "privacy: {epsilon: 3, budget: 2}",
     "45:31: budget 2 is less than epsilon 3: no cut-off could be trained; expected epsilon <= budget <= 100"),
    (BOOK, f"{BOOK}\n{PRIVACY}",
     "46:1: privacy and code_book: noise is not made for splits by categories; drop one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), WRONG)
def test_a_wrong_key_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Line and column, what is allowed, what stands there."""
    assert said in refused(tmp_path, changed(old, new))


@pytest.mark.parametrize(
    ("rounds", "extra", "said"),
    [
        (10, PRIVACY,
         "45:1: privacy and early_stopping_rounds: a private training tells no loss to stop by; drop one of them"),
        (10, "", "44:1: early_stopping_rounds needs strategy exact, not bagging; change one of them"),
        (0, PRIVACY, "45:1: privacy needs strategy exact, not bagging; change one of them"),
    ],
)  # fmt: skip
def test_settings_that_exclude_each_other_are_told(tmp_path: Path, rounds: int, extra: str, said: str) -> None:
    """Both are named; one may stay."""
    text = changed("early_stopping_rounds: 0", f"early_stopping_rounds: {rounds}").replace(BOOK, extra)
    text = text if "privacy and" in said else text.replace("strategy: exact", "strategy: bagging")
    assert refused(tmp_path, text) == [said]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Those between keys too, as far as the keys that they need are right."""
    text = FULL
    for old, new in [("horizon: 13", "horizon: x"), ("quorum: 3", "quorum: 9"), ("grace_minutes: 30", "grace: 30"),
                     ("id: dyna", "id: bolt"), ("currency: EUR", "currency: eur"), ("  acme:\n", "  acne:\n")]:  # fmt: skip
        text = text.replace(old, new)
    assert [fault.split(": ")[0] for fault in refused(tmp_path, text)] == ["4:10", "16:1", "29:13"]
    faults = refused(tmp_path, text.replace("horizon: x", "horizon: 13"))
    assert [fault.split(": ")[0] for fault in faults] == ["11:8", "13:9", "16:1", "29:13", "35:3"]


def test_the_line_is_shown_with_a_caret(tmp_path: Path) -> None:
    """Under the value that is wrong."""
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, changed("quorum: 3", "quorum: three"))
    place = f"{tmp_path / 'network.yaml'}:13:9: quorum must be a whole number, not 'three'"
    assert str(error.value) == f"{place}\n    13 | quorum: three\n       |         ^"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_with_fewer_than_three_partners_no_quorum_can_be_given(tmp_path: Path, number: int) -> None:
    """Nothing is shared among them; without one the file is right."""
    people = "".join(f"- {{id: p{k}}}\n" for k in range(number))
    head = f"version: 1\nname: few\nfrequency: D\nhorizon: 7\nparticipants:{' []' if not number else ''}\n{people}"
    words = {0: "no partner", 1: "one partner", 2: "2 partners"}[number]
    said = f"{6 + number}:9: with {words} nothing is shared, so that no quorum can be given; leave it out"
    assert refused(tmp_path, f"{head}quorum: 3\n") == [said]
    assert loaded(tmp_path, head).minimum == 3


HOSTILE = [
    ("a: &a [x]\nb: *a\n", "2:4: an alias (*a) is not allowed in a network file; write the value out"),
    ("a: " + "[" * 60, "1:53: more than 50 lists and mappings inside each other; a network file has fewer"),
    ("- 1\n", "1:1: expected a mapping with version: 1, name, frequency, horizon and participants"),
    ("", "1:1: expected a mapping with version: 1, name, frequency, horizon and participants"),
    ("name: a\x07b", "1:8: not valid YAML: the character U+0007 is not allowed"),
    ("name: !!binary aGk=\n", "1:7: a value of type bytes is not allowed; write text, a number, true or false"),
    ("x" * 2_000_001, "1:1: the file has 2,000,001 characters; a network file has at most 2,000,000"),
]


@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_what_is_no_network_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Before anything is built from it."""
    assert said in refused(tmp_path, text)


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """As editors there write them."""
    (tmp_path / "network.yaml").write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert Network.load(tmp_path).name == "four"


def test_utf_16_is_named(tmp_path: Path) -> None:
    """The byte that cannot be."""
    (tmp_path / "network.yaml").write_bytes(FULL.encode("utf-16"))
    with pytest.raises(ConfigError, match=r"network\.yaml:1: not UTF-8 text: byte 0 is 0xff"):
        Network.load(tmp_path)
