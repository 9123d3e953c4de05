"""What is published, and where a subscription begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from raftbroker.contract.broker_pb2 import MessageResponse, SubscribeRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a subject."""

    id: int
    """Counts the subject's messages from 1. A broadcast, which is not stored, has 0."""
    subject: str
    body: bytes
    headers: Mapping[str, str]
    published_at: datetime
    """When the broker accepted it."""
    expires_at: datetime | None
    """When it stops being readable; None: never."""

    @classmethod
    def of(cls, response: MessageResponse) -> Message:
        expires_at = response.expires_at_millis
        return cls(
            id=response.id,
            subject=response.subject,
            body=response.body,
            headers=dict(response.headers),
            published_at=_time(response.published_at_millis),
            expires_at=_time(expires_at) if expires_at else None,
        )


@dataclass(frozen=True, slots=True)
class Start:
    """Where a subscription begins: made by one of the class methods."""

    _from_id: int | None = None
    _from_time: datetime | None = None
    _from_earliest: bool = False

    @classmethod
    def now(cls) -> Start:
        """With the first message published after the subscription is in place."""
        return cls()

    @classmethod
    def earliest(cls) -> Start:
        """With the first message that is still there."""
        return cls(_from_earliest=True)

    @classmethod
    def id(cls, id: int) -> Start:
        """With the first message whose id is at least this one. To go on later, in another process, use the last
        id + 1."""
        return cls(_from_id=id)

    @classmethod
    def time(cls, at: datetime) -> Start:
        """With the first message accepted at or after this time; a time without a zone is local."""
        return cls(_from_time=at.astimezone(UTC))

    def after(self, id: int) -> Start:
        """Where to go on when everything up to this id was delivered."""
        if self._from_id is not None and id < self._from_id:
            return self
        return Start.id(id + 1)

    def request(self, subject: str) -> SubscribeRequest:
        request = SubscribeRequest(subject=subject, progress=True)
        if self._from_id is not None:
            request.from_id = self._from_id
        elif self._from_time is not None:
            request.from_time_millis = (self._from_time - _EPOCH) // timedelta(milliseconds=1)
        elif self._from_earliest:
            request.from_earliest = True
        return request


def _time(millis: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=millis)
