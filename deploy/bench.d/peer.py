"""What people build without garage: a paho-mqtt subscriber that stores what it receives in SQLite.

    python peer.py HOST PORT FILE COUNT

Subscribes to garage/# with QoS 1 and inserts each message into a table, a thousand in each transaction, with a write-ahead log and
synchronous=FULL. Prints `ready` when it is subscribed, and stored messages a second, from the first to the last, when
COUNT have arrived or nothing has come for five seconds.
"""

import queue
import sqlite3
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def main(host: str, port: int, file: str, count: int) -> None:
    database = sqlite3.connect(file, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE message (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, time REAL NOT NULL)"
    )
    arrived: queue.SimpleQueue = queue.SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="peer")
    client.on_message = lambda _client, _data, message: arrived.put((message.topic, message.payload, time.time()))
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(host, port)
    client.subscribe("garage/#", qos=1)
    client.loop_start()
    stored, first, last = 0, 0.0, 0.0
    while stored < count:
        try:
            batch = [arrived.get(timeout=60 if stored == 0 else 5)]
        except queue.Empty:
            break
        first = first or time.monotonic()
        while len(batch) < 1000:
            try:
                batch.append(arrived.get(timeout=0.01))
            except queue.Empty:
                break
        database.execute("BEGIN")
        database.executemany("INSERT INTO message (topic, payload, time) VALUES (?, ?, ?)", batch)
        database.execute("COMMIT")
        stored += len(batch)
        last = time.monotonic()
    print(f"{stored} {stored / (last - first) if last > first else 0:.0f}", flush=True)
    client.loop_stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
