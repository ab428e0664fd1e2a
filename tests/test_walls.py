"""The walls between a company's house and the coordinator's, as the source files have them.

import-linter holds who imports whom; these tests hold what imports do not show: what a function is given, who opens whose
store, and that no files of a room need each other in a circle.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from support import ROOT

PACKAGE = "decai_forecast"
HOUSES = ("PartnerContext", "Network", "CoordinatorContext")
JOINING = {"commands", "orchestration", "one_machine"}  # rooms that may know both houses
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def modules() -> Mapping[str, ast.Module]:
    """By dotted name, a package by its own."""
    trees = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        trees[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text(), str(path))
    return trees


@cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    """All of a module's syntax tree."""
    return tuple(ast.walk(modules()[module]))


def room(module: str) -> str:
    """The top-level package, or the module beside the packages."""
    return module.split(".")[1] if "." in module else ""


def names_in(annotation: ast.expr | None) -> set[str]:
    """The names that an annotation is made of; one that stands in quotes is read, too."""
    names = set[str]()
    for node in ast.walk(annotation) if annotation else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= set(re.findall(r"\w+", node.value))
        if isinstance(node, ast.Name | ast.Attribute):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
    return names


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = function.args
    some = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [argument for argument in some if argument is not None]


def functions() -> Iterator[tuple[str, str, set[str]]]:
    """Module, name of a function or method, and the houses' types among its parameters."""
    for module in modules():
        for node in nodes(module):
            if isinstance(node, FUNCTIONS):
                given = set[str]().union(*(names_in(argument.annotation) for argument in parameters(node)))
                yield module, node.name, given & set(HOUSES)


def calls(name: str) -> set[str]:
    """The modules that call a function, a method or a class of this name."""
    return {
        module
        for module in modules()
        for node in nodes(module)
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    }


# what a function is given


def test_no_function_takes_two_houses() -> None:
    """A company's context, and the whole network or the coordinator's context, never come together."""
    together = {(module, name): given for module, name, given in functions() if len(given) > 1}
    assert together == {}


def test_no_object_holds_a_companys_context_and_another_house() -> None:
    """Nor do they come in one parcel."""
    for module in modules():
        for node in nodes(module):
            if isinstance(node, ast.ClassDef):
                held = set[str]().union(*(names_in(part.annotation) for part in node.body if isinstance(part, ast.AnnAssign)))
                assert not ("PartnerContext" in held and len(held & set(HOUSES)) > 1), f"{module}.{node.name}"


def test_the_houses_types_have_one_name() -> None:
    """No module gives them another one, by which the tests above would not know them."""
    for module in modules():
        for node in nodes(module):
            if isinstance(node, ast.ImportFrom):
                assert not [one.name for one in node.names if one.asname and one.name in (*HOUSES, "Store")], module


def test_in_a_companys_house_only_the_door_sees_the_network() -> None:
    """``partner_context`` takes out what the company may see; everything behind it gets that."""
    inside = {
        (module, name) for module, name, given in functions() if "Network" in given and room(module) in ("partner", "link")
    }
    assert inside == {("decai_forecast.partner.context", "partner_context")}


# who opens whose store


def test_stores_are_opened_at_the_doors() -> None:
    """A step receives its store. Who else opens one, opens its own or the network's home."""
    doors = {"decai_forecast.partner.context", "decai_forecast.coordinator.context"}
    own = {  # of a node: the store of the company whose process it is
        "decai_forecast.federation.client_app",
        "decai_forecast.federation.rows",
    }
    one_host = {  # whoever runs a training in one process has all stores
        "decai_forecast.federation.run",
        "decai_forecast.one_machine.introduce",
        "decai_forecast.commands.membership",  # the store of the company, or of the coordinator, whose command it is
        "decai_forecast.commands.network",  # `network check` proves them all
        "decai_forecast.commands.exchange",  # the owner's, and that of the party whose key signs
        "decai_forecast.commands.opening",  # a company opens a tree of its own
        "decai_forecast.one_machine.audited",  # whose pinned keys are believed
        "decai_forecast.one_machine.take_over",  # the coordinator is gone, and a company goes on
    }
    scratch = {
        "decai_forecast.delivery.pull",  # for a delivery that is only looked at
        "decai_forecast.partner.rehearsal",  # a copy of the own store
    }
    outside = {
        "decai_forecast.ledger.files",  # the public part, by whoever audits it
        "decai_forecast.commands.ledger",  # where a checkpoint is anchored
    }
    home = {
        "decai_forecast.network.network",
        "decai_forecast.founding.add",
        "decai_forecast.founding.from_table",
        "decai_forecast.orchestration.environment",
        "decai_forecast.orchestration.roles.sync",  # passwords of logins, beside those of the environment
    }
    assert calls("Store") <= doors | own | one_host | scratch | outside | home


def test_addresses_are_asked_for_at_the_doors() -> None:
    """Where another participant's files lie is known to the two contexts and to the training in one process."""
    assert calls("address") <= {
        "decai_forecast.partner.context",
        "decai_forecast.coordinator.context",
        "decai_forecast.network.network",  # the two folders of the link lie with the coordinator, unless others are stated
        "decai_forecast.one_machine.introduce",  # whoever runs all parties of one host lets them know one another
        "decai_forecast.one_machine.audited",
        "decai_forecast.one_machine.take_over",
        "decai_forecast.coordinator.training",  # of the members, for the runtime that has all of them in one process
        "decai_forecast.commands.membership",
        "decai_forecast.commands.network",  # `network check` proves all stores
        "decai_forecast.commands.opening",
        "decai_forecast.commands.exchange",
    }


def test_each_house_has_its_own_end_of_the_link() -> None:
    """Companies write the inbox, the coordinator reads it."""
    assert calls("CompanyFolder") == {"decai_forecast.partner.context"}
    assert calls("CoordinatorFolder") == {"decai_forecast.coordinator.context"}


# who knows whom


@cache
def imported(module: str, *, typing: bool = False) -> set[str]:
    """Modules of ours that a module imports when it is loaded or in a function; with ``typing`` also those for its types."""
    names = set[str]()
    left: list[ast.AST] = [modules()[module]]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in names_in(node.test) and not typing:
            left += node.orelse
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            names |= {f"{node.module}.{one.name}" for one in node.names} | {node.module or ""}
        elif isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        left += ast.iter_child_nodes(node)
    return _resolved(names, module)


def _resolved(names: set[str], module: str) -> set[str]:
    """``from package import module`` needs the module; a package is needed only for names of its own."""
    deeper = {name.rpartition(".")[0] for name in names if name in modules()}
    known = {name for name in names if name in modules() and (name not in deeper or _own_names(name, names))}
    return known - {module}


def _own_names(package: str, names: set[str]) -> bool:
    return any(name.rpartition(".")[0] == package and name not in modules() for name in names)


def test_only_the_joining_rooms_know_both_houses() -> None:
    """Directly or for types."""
    for module in modules():
        rooms = {room(one) for one in imported(module, typing=True)}
        assert not rooms >= {"partner", "coordinator"} or room(module) in JOINING, module
        assert not rooms & {"partner", "coordinator"} or room(module) in JOINING | {"partner", "coordinator"}, module


@pytest.mark.parametrize("name", sorted({room(module) for module in modules()}))
def test_no_files_of_a_room_need_each_other_in_a_circle(name: str) -> None:
    """Whether they are imported when a file is loaded or in a function."""
    inside = {module: {one for one in imported(module) if room(one) == name} for module in modules() if room(module) == name}
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_import_linter_holds_the_walls() -> None:
    """The houses do not know each other; the link lies below both, so that it alone knows both sides' messages."""
    rules = ConfigParser()
    rules.read(ROOT / ".importlinter")
    houses = rules["importlinter:contract:houses"]
    assert houses["type"] == "independence"
    assert houses["modules"].split() == ["decai_forecast.partner", "decai_forecast.coordinator"]
    way = rules["importlinter:contract:way"]
    layers = way["layers"].strip().splitlines()
    assert way["type"] == "layers"
    both = layers.index("decai_forecast.partner | decai_forecast.coordinator | decai_forecast.founding")
    assert {layer.removeprefix("decai_forecast.") for layer in layers[:both]} == {"cli", *JOINING}
    assert layers[both + 1] == "decai_forecast.link"
    assert all(f"{PACKAGE}.{part}" in way["layers"] for part in _rooms() - {"", "__main__"})


def _rooms() -> set[str]:
    """All packages, and the modules beside them that any package imports."""
    wanted = {room(one) for module in modules() if room(module) for one in imported(module)}
    return {path.name for path in (ROOT / PACKAGE).iterdir() if _is_package(path)} | wanted


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").exists()
