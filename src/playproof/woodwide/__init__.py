"""The hosted scorer: Woodwide's API by way of its official SDK."""

from playproof.woodwide.breaker import Breaker, Permit, State
from playproof.woodwide.client import Woodwide, connect
from playproof.woodwide.connection import Connection, connection_of
from playproof.woodwide.reasons import WHY, Why

__all__ = ["WHY", "Breaker", "Connection", "Permit", "State", "Why", "Woodwide", "connect", "connection_of"]
