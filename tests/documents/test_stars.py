"""Secrets are found wherever they stand in a value, and are stars in whatever is shown."""

from __future__ import annotations

import pytest

from decai_forecast.documents import Fault
from decai_forecast.documents.secrets import masked, secret_faults

TEXTS = [
    ("https://me:hunter2@host/path", "https://me:*******@host/path"),
    ("postgresql://me:a:b@host", "postgresql://me:***@host"),
    ("https://host/x?api_key=hunter2&limit=5", "https://host/x?api_key=*******&limit=5"),
    ("https://host/x?key=abc#part", "https://host/x?key=***#part"),
    ("https://host/x;sig=abc", "https://host/x;sig=***"),
    ("password: hunter2", "password: *******"),
    ("smtp_password: 'hunter2'", "smtp_password: '*******'"),
    ('"accessKey": "hunter2", "b": 1', '"accessKey": "*******", "b": 1'),
    ("{property: api-key, value: hunter2}", "{property: api-key, value: *******}"),
    ("{value: hunter2, property: token}", "{value: *******, property: token}"),
    ("https://host:8080/x?page=2", "https://host:8080/x?page=2"),
    ("mailto:me@host", "mailto:me@host"),
    ("password:", "password:"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_a_secret_is_shown_as_stars(text: str, shown: str) -> None:
    """As many as it has characters; what is no secret stays."""
    assert masked(text) == shown
    assert len(shown) == len(text)


ADVICE = "does not belong here"
VALUES: list[tuple[object, list[Fault]]] = [
    ({"password": "x"}, [Fault(("at", "password"), f"password {ADVICE}", key=True)]),
    ({"a": [{"API-Key": "x"}]}, [Fault(("at", "a", 0, "API-Key"), f"API-Key {ADVICE}", key=True)]),
    ({"property": "token", "value": "x"}, [Fault(("at", "property"), f"token {ADVICE}")]),
    ({"url": "https://me:x@host"}, [Fault(("at", "url"), f"a password in url {ADVICE}")]),
    ({"urls": ["https://host/?sig=x"]}, [Fault(("at", "urls", 0), f"sig in urls {ADVICE}")]),
    ({"password": ""}, []),
    ({"property": "token", "value": ""}, []),
    ({"tokens": None, "url": "https://host"}, []),
    (5, []),
]


@pytest.mark.parametrize(("value", "faults"), VALUES)
def test_a_secret_is_found_where_it_stands(value: object, faults: list[Fault]) -> None:
    """By the key that names it, or inside an address; the secret itself is in no message."""
    assert list(secret_faults(value, ("at",), ADVICE)) == faults
