"""HTTP to a server, with the server's address in what is said where nobody answers."""

from __future__ import annotations

from typing import Any

import httpx


class Connection(httpx.Client):
    """An httpx client whose ConnectError says which server was not reached, and what to do."""

    def send(self, request: httpx.Request, **facts: Any) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.ConnectError: Nobody answers at the address.
        """
        try:
            return super().send(request, **facts)
        except httpx.ConnectError as problem:
            place = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
            raise httpx.ConnectError(
                f"No server answers at {place} ({problem}). Start it there, or check the address.",
                request=request,
            ) from problem
