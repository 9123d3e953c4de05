"""The client itself."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Self, TypeVar

import grpc

from raftbroker.contract.broker_pb2 import FetchRequest, MessageResponse, PublishRequest, PublishResponse
from raftbroker.contract.broker_pb2_grpc import BrokerStub
from raftbroker.errors import BrokerError
from raftbroker.message import Message, Start
from raftbroker.retries import Retries

ATTEMPT_TIMEOUT = 3.0
"""Bounds one attempt at one node, in seconds. A node that hangs must not use up the time of the others."""

SILENCE = 25.0
"""How long a node may send nothing on a subscription. It owes a progress frame every 10 s once everything was sent."""

_CHANNEL_OPTIONS = [
    # A connection on which nothing was heard for so long is pinged, and given up if the ping stays unanswered. Nodes
    # disconnect clients that ping more often than every 10 s (limits.minClientPingInterval).
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # As often as a quiet subscription needs it: by default gRPC stops after two.
    ("grpc.http2.max_pings_without_data", 0),
    # gRPC's own pause between connection attempts. Its default grows to two minutes, for which a node that is back
    # would not be used.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Above the largest body that a node can be set to take (8 MiB); gRPC's default of 4 MiB is not.
    ("grpc.max_receive_message_length", 16 << 20),
]

_Answer = TypeVar("_Answer")


class Client:
    """Talks to the nodes of one cluster. It keeps to one of them as long as that serves, then goes on to the next.

    Connects when the first call is made, to the first address first: clients that are many do well to shuffle the list.
    Belongs to the event loop that it was made in:

        async with Client(["127.0.0.1:9091", "127.0.0.1:9092", "127.0.0.1:9093"]) as client:
            id = await client.publish("orders", b"hello")
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        if not addresses:
            raise ValueError("no address: at least one host:port is needed")
        self._nodes = [_Node(address) for address in addresses]
        self._current = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all calls and connections."""
        for node in self._nodes:
            await node.channel.close()

    async def publish(
        self,
        subject: str,
        body: bytes,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        expiration_seconds: int = 0,
    ) -> int:
        """Returns the message's id once a majority of the replicas have it on disk. Tries again, at other nodes too,
        until that is certain or PATIENCE is used up.

        Every publish with the same `key` happens once, also those of another process: use what identifies the message
        in your own data. Without one the client makes up a key, which covers its own attempts. After an error for
        which `may_have_happened` is true, a later publish with the same key finds out.
        """
        request = PublishRequest(
            subject=subject,
            body=body,
            idempotency_key=key or str(uuid.uuid4()),
            headers=headers or {},
            expirationSeconds=expiration_seconds,
        )

        def ask(node: _Node) -> Awaitable[PublishResponse]:
            return node.broker.Publish(request, timeout=ATTEMPT_TIMEOUT)

        return (await self._call(ask)).id

    async def fetch(self, subject: str, id: int) -> Message:
        """Returns one message. Sees each message whose publish has returned, at any node."""
        request = FetchRequest(subject=subject, id=id)

        def ask(node: _Node) -> Awaitable[MessageResponse]:
            return node.broker.Fetch(request, timeout=ATTEMPT_TIMEOUT)

        return Message.of(await self._call(ask))

    async def subscribe(self, subject: str, start: Start | None = None) -> AsyncGenerator[Message, None]:
        """Yields the messages of a subject in id order, without gap or duplicate; without a start, from now on. When
        its node goes away, goes on at another one, after the last message that was yielded. Ends only with an error,
        if a node refuses or none serves for PATIENCE:

            async for message in client.subscribe("orders", Start.earliest()):
                ...  # A slow loop slows the subscription down; nothing piles up here or at the node.
        """
        start = start or Start.now()
        retries = Retries(len(self._nodes))
        while True:
            node = self._nodes[self._current]
            served = False
            try:
                async for frame in node.frames(subject, start):
                    served = True
                    if frame.HasField("progress"):
                        # Everything up to the head was sent, so that a subscription from now on, too, has a place to go
                        # on from.
                        start = start.after(frame.progress.head_id)
                        continue
                    if frame.id:
                        start = start.after(frame.id)
                    yield Message.of(frame)
            except BrokerError as failure:
                if served:
                    retries = Retries(len(self._nodes))
                await self._recover(node, failure, retries)

    async def _call(self, ask: Callable[[_Node], Awaitable[_Answer]]) -> _Answer:
        """Asks the current node, and others when it does not answer, until one does or refuses."""
        retries = Retries(len(self._nodes))
        while True:
            node = self._nodes[self._current]
            try:
                return await ask(node)
            except grpc.aio.AioRpcError as error:
                await self._recover(node, BrokerError.of(error, node.address), retries)

    async def _recover(self, node: _Node, failure: BrokerError, retries: Retries) -> None:
        # Of many calls that fail at the same node only one goes on to the next.
        if failure.is_outage and node is self._nodes[self._current]:
            self._current = (self._current + 1) % len(self._nodes)
        await retries.wait(failure)


class _Node:
    """One node and the connection to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
        self.broker = BrokerStub(self.channel)

    async def frames(self, subject: str, start: Start) -> AsyncGenerator[MessageResponse, None]:
        """What the node sends on one stream; ends with a BrokerError."""
        stream = self.broker.Subscribe(start.request(subject))
        try:
            # Headers come when the subscription is in place.
            await asyncio.wait_for(stream.initial_metadata(), ATTEMPT_TIMEOUT)
            while True:
                # Only bounds the wait for the node: a slow reader is no silent node.
                frame = await asyncio.wait_for(stream.read(), SILENCE)
                if frame is grpc.aio.EOF:
                    raise BrokerError(self.address, grpc.StatusCode.UNAVAILABLE, "the node has ended the subscription")
                yield frame
        except TimeoutError:
            raise BrokerError(self.address, grpc.StatusCode.DEADLINE_EXCEEDED, "the subscription is silent") from None
        except grpc.aio.AioRpcError as error:
            raise BrokerError.of(error, self.address) from error
        finally:
            stream.cancel()
