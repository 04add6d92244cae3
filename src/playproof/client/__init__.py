"""For the backend of a site: ask whether a visitor's token is good.

    from playproof.client import Client

    client = Client(secret="sk_...", url="https://verify.example")
    checked = client.verify(form["playproof-response"], expected_action="signup")
    checked.success    # let the visitor through
    checked.spent      # the form was sent twice: have the widget fetch another token

Nothing of PlayProof's service is imported; `AsyncClient` is the same for asyncio.
"""

from playproof.client.answer import Trouble, Verification
from playproof.client.asynchronous import AsyncClient
from playproof.client.course import OnError
from playproof.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "OnError", "Trouble", "Verification"]
