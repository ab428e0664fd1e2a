"""What a company's executor lets out, and what it does not run: everything else than our app in time is refused by a code."""

import time
from typing import Any

import pytest
from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict

from decai_forecast.errors import NotEnoughData
from decai_forecast.federation.superlink.flower import APP, _bundle, _reply
from decai_forecast.federation.superlink.keys import Authority, new_key, request


def asked(ttl: float = 60.0) -> tuple[Message, Context]:
    message = Message(RecordDict({"config": ConfigRecord({"cutoff": "2026-06-22"})}), 7, MessageType.TRAIN, ttl=ttl)
    message.metadata.__dict__.update(_run_id=1, _src_node_id=1, _message_id=message.object_id)
    return message, Context(run_id=1, node_id=7, node_config={}, state=RecordDict(), run_config={})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("/home/p1/orders.parquet: item 4711"), "internal"),
        (NotEnoughData("/home/p1/orders.parquet holds 3 rows of item 4711"), "not_enough_data"),
    ],
)
def test_an_error_leaves_as_a_code(error: Exception, code: str) -> None:
    """Whatever its text names, a file of the company for one, stays at home; Flower's own executor would send it."""

    def raising(message: Message, context: Context) -> Message:
        raise error

    message, context = asked()
    reply = _reply(message, context, APP, raising)
    assert (reply.error.code, reply.error.reason) == (2, code)


def never(message: Message, context: Context) -> Message:
    raise AssertionError("it was run")


def test_another_app_is_not_run() -> None:
    """Whoever commands the SuperLink can send any; this one answers ours, with the code that is installed here."""
    reply = _reply(*asked(), "somebody/else", never)
    assert reply.error.reason == "other_app"


def test_a_message_that_comes_too_late_is_not_worked_on() -> None:
    """Nobody waits for the answer any more; a node that was away would work through old ones for hours."""
    message, context = asked(ttl=0.01)
    time.sleep(0.05)
    reply = _reply(message, context, APP, never)
    assert reply.error.reason == "stale"


def test_the_app_that_is_sent_holds_settings_and_no_code_of_ours() -> None:
    """Same settings, same bytes: nodes can compare it."""
    config: dict[str, Any] = {"params": '{"a": "b\\n"}', "timeout": 1.5, "minimum": 3}
    assert _bundle(config) == _bundle(dict(config))
    assert len(_bundle(config)) < 3000


def test_a_company_cannot_stand_for_the_coordinator() -> None:
    """Its certificate is for clients only; the coordinator's for servers."""
    from cryptography import x509

    authority, key = Authority.create("a"), new_key()
    company = x509.load_pem_x509_certificate(authority.sign_company("acme", request("acme", key)))
    server = x509.load_pem_x509_certificate(authority.sign_server(key, "link.example.org"))
    uses = [one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value for one in (company, server)]
    assert [use[0]._name for use in uses] == ["clientAuth", "serverAuth"]
    for one in (company, server):
        one.verify_directly_issued_by(authority.certificate)
