"""Telling an observer of calls: on whose account they were made, and where they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from promptops.models.discovery import provider_names
from promptops.models.endpoints import endpoint, provider_of
from promptops.values.account import Account
from promptops.values.observing import Attempt, Called, Observer, Peer, Unobserved
from promptops.values.request import Request

_PORTS = {"http": 80, "https": 443}


class Observed:
    """Passes calls on to an observer; costs nothing where there is none.

    `environ` says where a model is reached, as it does for the client.
    """

    def __init__(self, observer: Observer, environ: Mapping[str, str]) -> None:
        self.observer = observer
        self._environ = environ
        self._watched = not isinstance(observer, Unobserved)
        self._peers: dict[str, Peer] = {}

    def call(self, account: Account, request: Request, attempts: Sequence[Attempt]) -> None:
        """Tell of one answer that was wanted, once it is there or given up.

        No attempt, no call: nothing was sent.
        """
        if not self._watched or not attempts:
            return
        peer = self._peers.get(request.model)
        if peer is None:
            peer = self._peers[request.model] = peer_of(request.model, self._environ)
        self.observer.call(Called(account, request, peer, tuple(attempts)))


def peer_of(model: str, environ: Mapping[str, str]) -> Peer:
    """Who answers a model string. Its host is known only where the environment redirects it."""
    provider = provider_of(model)
    if provider in provider_names():
        return Peer(provider, inside=True)
    place = endpoint(model, environ)
    if "://" not in place:
        return Peer(provider)
    try:
        parts = urlsplit(place)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # the client will say so
        return Peer(provider)
    return Peer(provider, parts.hostname, port)
