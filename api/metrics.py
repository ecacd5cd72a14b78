"""Prometheus figures: requests, each stage of `think`, decisions, queue, streams, owed turns."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """One registry for each app, so that two apps in one process do not mix their figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "toritsugi_request_seconds", "Requests by route", ("method", "route", "status"),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.stages = Histogram(
            "toritsugi_think_seconds", "Stages of think", ("stage",), buckets=_SECONDS, registry=self.registry
        )
        self.decisions = Counter(
            "toritsugi_decisions", "Decisions by kind", ("kind",), registry=self.registry
        )
        self.faults = Counter("toritsugi_faults", "Turns that could not be decided", registry=self.registry)
        self.events = Counter("toritsugi_events", "Events of the log", ("type",), registry=self.registry)
        self.streams = Gauge("toritsugi_streams", "Open streams", ("of",), registry=self.registry)
        self.overflows = Counter(
            "toritsugi_stream_overflows", "Streams that had to read the log again", registry=self.registry
        )
        self.waiting = Gauge("toritsugi_queue_waiting", "Chats in the queue", registry=self.registry)
        self.owed = Gauge("toritsugi_turns_owed", "Turns that the bot owes", registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests.labels(method, route, str(status)).observe(seconds)

    def thought(self, kind: str, ms: Mapping[str, float]) -> None:
        self.decisions.labels(kind).inc()
        for stage, value in ms.items():
            self.stages.labels(stage).observe(value / 1000)

    def text(self) -> bytes:
        return generate_latest(self.registry)
