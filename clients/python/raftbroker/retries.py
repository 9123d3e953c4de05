"""How often, and for how long, something is tried again."""

from __future__ import annotations

import asyncio
import random
import time

from raftbroker.errors import BrokerError

PATIENCE = 30.0
"""For how many seconds a call, or a subscription that has lost its node, looks for one that serves."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


class Retries:
    """Spaces the attempts of one call, or of one outage of a subscription: each node is asked once without a pause, and
    pauses between rounds grow."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._give_up_at = time.monotonic() + PATIENCE

    async def wait(self, failure: BrokerError) -> None:
        """Returns when it is time for the next attempt; raises the failure if there should be none."""
        if not failure.is_transient or time.monotonic() > self._give_up_at:
            raise failure
        self._failures += 1
        if not failure.is_outage:
            await asyncio.sleep(failure.retry_after)
        elif self._failures % self._nodes == 0:
            # Clients that lost the same node do not come back at the same moment.
            await asyncio.sleep(random.uniform(self._pause / 2, self._pause))
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
