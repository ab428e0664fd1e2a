"""``docs/reference/commands.md``: every command of ``decai`` as typer has it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from click import Command, Context, Group, Parameter
from typer.main import get_command

from decai_forecast.cli import app

__all__ = ["commands", "commands_page"]

HEAD = """# Commands

<!-- made by `make docs` from decai_forecast/commands; change the help texts there -->

Every command ends with `--help`, which says the same as this page. `decai` is `.venv/bin/decai` unless the environment is
active. Where `DECAI_HOME` names a network's home, `--home` is not needed.

| exit code | means |
|---|---|
| 0 | done |
| 1 | the answer is no: a round below quorum, a refused delivery, a report that did not arrive |
| 2 | wrong use, or an error that was expected: one line on stderr says what to do |
| 130 | ended by Ctrl-C |

Where a command has codes of its own, its text says so.
"""
HIDDEN = ("--help", "--install-completion", "--show-completion")


def commands() -> dict[str, Command]:
    """Name as typed (``decai round run``) -> command, in the order of the help; groups among them."""
    return dict(_below("decai", get_command(app)))


def _below(name: str, command: Command) -> Iterator[tuple[str, Command]]:
    yield name, command
    if isinstance(command, Group):
        context = Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _below(f"{name} {child}", found)


def commands_page() -> str:
    """The whole page."""
    pages = [_group(name, one) if hasattr(one, "commands") else _command(name, one) for name, one in commands().items()]
    return "\n".join([HEAD, *pages[1:]])


def _group(name: str, group: Command) -> str:
    return f"## `{name}`\n\n{inspect.cleandoc(group.help or '')}\n"


def _command(name: str, command: Command) -> str:
    level = "##" if name.count(" ") == 1 else "###"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and one.opts[0] not in HIDDEN]
    usage = " ".join([name, *map(_usage, arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"{level} `{name}`", f"    {usage}", *_text(command.help or ""), *_table("argument", arguments)]
    return "\n\n".join([*parts, *_table("option", options)]) + "\n"


def _usage(argument: Parameter) -> str:
    name = argument.human_readable_name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _text(text: str) -> Iterator[str]:
    """The help's paragraphs; what is typed stands in a block of its own."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        line = " ".join(paragraph.split()) if "decai " in paragraph else paragraph
        typed = line.removeprefix("Example: ")
        if typed != line:
            yield "Example:"
        yield f"    {re.sub(r' {2,}', '  ', typed)}" if typed.startswith("decai ") else paragraph


def _table(kind: str, parameters: Sequence[Any]) -> Iterator[str]:
    if parameters:
        head = f"| {kind} | default | what it is |\n|---|---|---|\n"
        yield head + "\n".join(f"| {_names(one)} | {_default(one)} | {_help(one)} |" for one in parameters)


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.human_readable_name.upper()}`"
    value = "" if parameter.is_flag else f" {parameter.type.name.split()[0].upper()}"
    return ", ".join(f"`{name}{value}`" for name in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if isinstance(shown := getattr(parameter, "show_default", None), str):
        return f"{shown}"
    value = parameter.default
    return "" if value in (None, "", False, [], ()) else f"`{value}`"


def _help(parameter: Any) -> str:
    text = (parameter.help or "").replace("|", "\\|").replace("<", "&lt;")
    variables = parameter.envvar or ()
    named = " ".join(f"`{name}`" for name in ([variables] if isinstance(variables, str) else variables))
    return f"{text} Environment: {named}." if named else text
