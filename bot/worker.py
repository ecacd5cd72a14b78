"""Threads that decide owed turns: wait on the feed and the due times, take, decide, finish.

The one broad `except` stands here: whatever goes wrong while deciding, the shopper gets an answer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from bot.feed import Feed, Wake
from bot.turns import DecidedWords, Material, Taken, Turns
from kb.store import StoreError

Decider = Callable[[Material], DecidedWords]
_LOOK_S = 2.0
_KEEP_S = 1.0
_log = logging.getLogger(__name__)


class Worker:
    """`start` begins, `stop` lets what is being decided finish (at most `grace_s`)."""

    def __init__(self, turns: Turns, decide: Decider, feed: Feed, threads: int = 2) -> None:
        self._turns, self._decide, self._feed = turns, decide, feed
        self._news = threading.Condition()
        self._heard = 0
        self._closing = threading.Event()
        self._running: dict[str, Taken] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"turns-{n}", daemon=True) for n in range(threads)
        ]
        self._threads.append(threading.Thread(target=self._keep, name="turns-keep", daemon=True))
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._unsubscribe = self._feed.subscribe(self._on_wake)
        for thread in self._threads:
            thread.start()

    def stop(self, grace_s: float = 10.0) -> None:
        self._closing.set()
        self._notify()
        self._unsubscribe()
        for thread in self._threads:
            thread.join(grace_s)

    def _on_wake(self, message: Wake) -> None:
        if message.kind == "look":
            self._notify()

    def _notify(self) -> None:
        with self._news:
            self._heard += 1
            self._news.notify_all()

    def _work(self) -> None:
        while not self._closing.is_set():
            heard = self._heard
            try:
                taken = self._turns.take()
                if taken is None:
                    self._wait(heard)
                else:
                    self._one(taken)
            except StoreError as error:
                _log.warning("the database is away; owed turns wait: %s", error)
                self._closing.wait(1.0)
            except Exception:
                _log.exception("owed turns could not be read")
                self._closing.wait(1.0)

    def _wait(self, heard: int) -> None:
        """Until something is said, or the next turn falls due; never longer than two seconds."""
        due = self._turns.next_due()
        left = timedelta(seconds=_LOOK_S) if due is None else due - self._turns.clock()
        seconds = min(max(left.total_seconds(), 0.0), _LOOK_S)
        with self._news:
            self._news.wait_for(lambda: self._heard != heard or self._closing.is_set(), seconds)

    def _one(self, taken: Taken) -> None:
        self._running[taken.lease] = taken
        try:
            words = self._decide(taken.material)
            self._turns.finish(taken, words)
        except StoreError:
            raise  # the lease runs out and the turn is taken again
        except Exception:
            _log.exception("a turn could not be decided (try %d)", taken.tries)
            self._turns.fail(taken)
        finally:
            self._running.pop(taken.lease, None)

    def _keep(self) -> None:
        """Renews the leases of what is being decided, and hands over what takes too long."""
        while not self._closing.wait(_KEEP_S) or self._running:
            for taken in list(self._running.values()):
                try:
                    self._look_after(taken)
                except StoreError as error:
                    _log.warning("a lease could not be renewed: %s", error)
                except Exception:
                    _log.exception("a lease could not be renewed")
            if self._closing.is_set() and not any(t.is_alive() for t in self._threads[:-1]):
                return

    def _look_after(self, taken: Taken) -> None:
        if taken.overdue(self._turns.clock()):
            self._turns.fault(taken)
            self._running.pop(taken.lease, None)
        elif self._turns.renew(taken):
            self._feed.publish(Wake("typing", 0, taken.conversation, "bot"))
