"""Flask-AppBuilder's forms, sent with the token of a participant's own pages: rights stop it, and not the token alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from walks import OTHER, OWN, Walk

pytestmark = pytest.mark.long
OWN_FORM = "/auth/resetmypassword/form"  # its page holds a token, which the session takes for every form
DENIED = {403, 404, 405}
TAKEN = "another-password-1"


def token_of(browser: httpx.Client) -> str:
    """Of the browser's session, out of a page with a form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(OWN_FORM).text)
    assert found
    return found[1]


def sent(browser: httpx.Client, path: str, **fields: Any) -> httpx.Response:
    return browser.post(path, data={"csrf_token": token_of(browser), **fields})


def people(walk: Walk) -> dict[str, Any]:
    """Everybody's names and roles, and what each role may do; not when they logged in."""
    users = walk.admin.get("/auth/fab/v1/users", params={"limit": 100}).json()["users"]
    roles = walk.admin.get("/auth/fab/v1/roles", params={"limit": 100}).json()["roles"]
    kinds = walk.admin.get("/auth/fab/v1/permissions", params={"limit": 1000}).json()["actions"]
    kept = ("username", "first_name", "last_name", "email", "active", "roles")
    return {
        "users": sorted([{name: user[name] for name in kept} for user in users], key=str),
        "roles": {role["name"]: sorted(map(str, role["actions"])) for role in roles},
        "kinds": kinds,
    }


def bodies() -> Iterator[dict[str, Any]]:
    """What the forms of users, roles and actions on many of them ask for, to gain the administrator's role."""
    person = {"first_name": "changed", "last_name": "changed", "username": "mallory", "email": "m@example.org", "active": "y"}
    yield person | {"roles": ["1", "2"], "password": TAKEN, "conf_password": TAKEN}
    yield {"name": "changed", "permissions": ["1", "2", "3"], "user": ["1", "2"]}
    yield {"action": "copyrole", "rowid": ["1", "2", "3"]}
    yield {"action": "resetpasswords", "rowid": ["1", "2", "3"]}


def test_no_form_of_administrators_takes_a_participants_token(walk: Walk, rules: dict[str, str]) -> None:
    """It is sent home or refused, never for want of a token, and nobody's name, role or right has changed."""
    before, token = people(walk), token_of(walk.viewer)
    forms = [route.split(" ", 1)[1] for route, rule in rules.items() if rule == "form" and route.startswith("POST")]
    assert len(forms) > 20
    wrong = []
    for path in (one for form in forms for one in walk.paths(form, OTHER)):
        for body in (one for one in bodies() if "action" in one or not path.endswith("/action_post")):
            answer = walk.viewer.post(path, params={"pk": "1"}, data={"csrf_token": token, **body})
            home = answer.status_code == 302 and "/list/" not in answer.headers["location"]
            no_such_action = answer.status_code == 500 and "/action" in path  # Flask-AppBuilder looks it up before the right
            if not home and not no_such_action and answer.status_code not in DENIED:
                wrong.append(f"{path}: {answer.status_code}, {answer.headers.get('location', answer.text[:200])}")
    assert not wrong, "\n".join(wrong)
    assert people(walk) == before


def test_an_administrator_is_let_in_by_the_same_form(walk: Walk) -> None:
    """So what stopped the participant was its right."""
    fields = {"name": "made by a form", "permissions": []}
    assert sent(walk.admin, "/auth/roles/add", **fields).status_code == 302
    assert "made by a form" in people(walk)["roles"]
    assert walk.admin.delete("/auth/fab/v1/roles/made by a form").status_code < 300


def test_a_participant_changes_its_own_name_and_password_and_nobody_elses(walk: Walk) -> None:
    """Whatever id is asked for beside it; roles in the form are no part of it."""
    before = people(walk)
    person = next(one for one in before["users"] if one["username"] == OWN)
    answer = sent(
        walk.viewer, "/auth/userinfoeditview/form?pk=1", first_name="Ann", last_name="Ames", roles="1", username=OTHER
    )
    assert answer.status_code == 302
    after = people(walk)
    person |= {"first_name": "Ann", "last_name": "Ames"}
    assert after == before
    walk.house.login(OTHER)
    answer = sent(walk.viewer, f"{OWN_FORM}?pk=1", password=TAKEN, conf_password=TAKEN)
    assert answer.status_code == 302
    walk.house.login("admin")
    walk.house.login(OTHER)
    codes = [logged_in(walk, password) for password in (TAKEN, walk.house.password_of(OWN))]
    assert codes == [201, 401]


def logged_in(walk: Walk, password: str) -> int:
    body = {"username": OWN, "password": password}
    return httpx.post(f"{walk.house.url}/auth/token", json=body, timeout=120.0).status_code
