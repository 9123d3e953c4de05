"""A small asyncio client of RaftBroker: publish once, subscribe without gap or duplicate, and fetch, as long as any
node of the cluster can be reached.

What it does not cover (PublishStream, SubscribeBatches, Broadcast, IncIdx) is in the generated package
`raftbroker.contract`, whose stubs need nothing of this one.
"""

from raftbroker.client import Client
from raftbroker.errors import BrokerError
from raftbroker.message import Message, Start

__all__ = ["BrokerError", "Client", "Message", "Start"]
