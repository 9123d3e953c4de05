"""Publishes each line of its input on a subject, prints what a subscription to the subject gets meanwhile, and at the
end fetches the first, the middle and the last message that it has published."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import aclosing

from raftbroker import BrokerError, Client, Start


async def publish(client: Client, subject: str) -> list[int]:
    """Returns the ids in the order of the lines: each message waits for the one before it."""
    ids: list[int] = []
    # A thread waits for the input, so that nothing else does.
    while line := await asyncio.to_thread(sys.stdin.readline):
        text = line.rstrip("\n")
        ids.append(await client.publish(subject, text.encode()))
        print(f"published {ids[-1]} {text}", flush=True)
    return ids


async def receive(client: Client, subject: str, received: asyncio.Queue[int]) -> None:
    async with aclosing(client.subscribe(subject, Start.earliest())) as messages:
        async for message in messages:
            print(f"received {message.id} {message.body.decode()}", flush=True)
            received.put_nowait(message.id)


async def tour(servers: list[str], subject: str) -> None:
    async with Client(servers) as client, asyncio.TaskGroup() as tasks:
        received: asyncio.Queue[int] = asyncio.Queue()
        subscription = tasks.create_task(receive(client, subject, received))
        ids = await publish(client, subject)
        while ids and await received.get() < ids[-1]:
            pass
        subscription.cancel()
        for id in [ids[0], ids[len(ids) // 2], ids[-1]] if ids else []:
            message = await client.fetch(subject, id)
            print(f"fetched {message.id} {message.body.decode()}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", default="127.0.0.1:9091,127.0.0.1:9092,127.0.0.1:9093", metavar="HOST:PORT,...")
    parser.add_argument("subject", metavar="SUBJECT")
    arguments = parser.parse_args()
    status = 0
    try:
        asyncio.run(tour(arguments.servers.split(","), arguments.subject))
    except* BrokerError as failures:
        print("error:", failures.exceptions[0], file=sys.stderr)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
