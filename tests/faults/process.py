"""A process that serves the log: reads what shoppers send from stdin, acknowledges on stdout, decides.

`python process.py URL`; lines in: {"c", "id", "text"}; lines out: {"id", "seq"} after the commit, or
{"ready": true}, {"idle": true} when nothing is owed and stdin has ended.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bot.conversation import SHOPPER, Open, Say
from bot.feed import LocalFeed
from bot.log import Log
from bot.turns import DecidedWords, Material, Turns
from bot.worker import Worker
from kb.store import Store

_out = threading.Lock()


def tell(**fields: object) -> None:
    with _out:
        sys.stdout.write(json.dumps(fields) + "\n")
        sys.stdout.flush()


def decide(material: Material) -> DecidedWords:
    time.sleep(0.004)
    return DecidedWords("answer", f"はい：{material.text}")


def main(url: str) -> None:
    store = Store.open(url)
    store.serve()
    log = Log(store, LocalFeed(), burst=timedelta(milliseconds=20))
    turns = Turns(log)
    turns.start()
    worker = Worker(turns, decide, log.feed, threads=3)
    worker.start()
    tell(ready=True)

    def accept(line: str) -> None:
        said = json.loads(line)
        log.append(said["c"], Open(), SHOPPER, "open")
        done = log.append(said["c"], Say(said["text"]), SHOPPER, said["id"])
        tell(id=said["id"], seq=done.seq)

    with ThreadPoolExecutor(8) as pool:
        for line in sys.stdin:
            pool.submit(accept, line)
    while turns.owed():
        time.sleep(0.02)
    worker.stop()
    store.close()
    tell(idle=True)


if __name__ == "__main__":
    main(sys.argv[1])
