"""The emulator's own routes: faults and counts, for whoever has the admin key."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath

from playproof.emulator.exchange import Asked, Reply, read_json, reply, service
from playproof.emulator.faults import Fault
from playproof.emulator.refusal import missing

_ADMIN: dict[str, Any] = {"name": "emulator", "admin": True}


@get("/_emulator/faults", opt=_ADMIN)
async def faults(request: Asked) -> Reply:
    """The faults that are in force or spent."""
    return reply({"items": [msgspec.to_builtins(fault) for fault in service(request).faults.all()]})


@post("/_emulator/faults", opt=_ADMIN)
async def add_fault(request: Asked) -> Reply:
    """Put a fault in force."""
    return reply(service(request).faults.add(await read_json(request, Fault)), 201)


@delete("/_emulator/faults", opt=_ADMIN)
async def clear_faults(request: Asked) -> None:
    """Take all faults away."""
    service(request).faults.clear()


@delete("/_emulator/faults/{fault_id:str}", opt=_ADMIN)
async def remove_fault(request: Asked, fault_id: FromPath[str]) -> None:
    """Take one fault away."""
    if not service(request).faults.remove(fault_id):
        raise missing("Fault")


@get("/_emulator/calls", opt=_ADMIN)
async def calls(request: Asked) -> Reply:
    """How often each route was called, with how many bytes."""
    return reply(service(request).tally.counts())


@delete("/_emulator/calls", opt=_ADMIN)
async def reset_calls(request: Asked) -> None:
    """Count from nothing."""
    service(request).tally.reset()


ROUTES = (faults, add_fault, clear_faults, remove_fault, calls, reset_calls)
