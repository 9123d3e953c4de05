"""What a node answers instead of a result."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

# A node that is killed cancels its calls.
_OUTAGES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}


class BrokerError(Exception):
    """What a node answered instead of a result, or that it did not answer."""

    node: str
    """The address that was asked last."""
    code: grpc.StatusCode
    """gRPC's code."""
    reason: str
    """The broker's own, such as SUBJECT_INVALID; docs/errors.md lists them. Empty if no node answered."""
    message: str
    """For people; it may change between versions."""
    metadata: Mapping[str, str]
    """Belongs to the reason: KEY_REUSED has the "id" of the message that the key stands for."""
    retry_after: float
    """How many seconds the node asks to wait; 0 if it does not."""

    def __init__(self, node: str, code: grpc.StatusCode, message: str, details: bytes = b"") -> None:
        self.node = node
        self.code = code
        self.message = message
        self.reason = ""
        self.metadata = {}
        self.retry_after = 0.0
        self._read(Status.FromString(details))
        said = f"{code.name} {self.reason}: {message}" if self.reason else f"{code.name}: {node} said: {message}"
        super().__init__(said)

    @classmethod
    def of(cls, error: grpc.aio.AioRpcError, node: str) -> BrokerError:
        trailers = dict(error.trailing_metadata())
        details = trailers.get("grpc-status-details-bin", b"")
        return cls(node, error.code(), error.details() or "no description", details)

    def _read(self, status: Status) -> None:
        for detail in status.details:
            info, retry = ErrorInfo(), RetryInfo()
            if detail.Unpack(info):
                self.reason = info.reason
                self.metadata = dict(info.metadata)
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()

    @property
    def may_have_happened(self) -> bool:
        """Whether nobody knows if a publish happened."""
        return self.is_outage

    @property
    def is_outage(self) -> bool:
        """Whether the node went away, does not answer or cannot serve, so that another one may."""
        return self.code in _OUTAGES

    @property
    def is_transient(self) -> bool:
        """Whether the same call may well succeed later."""
        return self.is_outage or (self.code is grpc.StatusCode.RESOURCE_EXHAUSTED and self.retry_after > 0)
