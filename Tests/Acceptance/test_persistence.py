"""What the broker keeps over a restart and over the death of the process, with stock clients."""

import collections
import functools
import os
import random
import resource
import sqlite3
import subprocess
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from device import Client
from paho.mqtt.enums import CallbackAPIVersion
from service import Broker

import mosquitto
from waiting import eventually

LONG = os.environ.get("GARAGE_LONG") == "1"


def with_one_port(service):
    """The service started; it has the same MQTT port each time it is started again."""
    host, port = service.start().mqtt
    service.options = (*service.options, "--mqtt", f"{host}:{port}")
    return service


@pytest.fixture
def service(make_garage):
    return with_one_port(make_garage())


class Persistent:
    """A paho client that comes back by itself, with a session that stays."""

    def __init__(self, service, client_id: str, version: int, is_up: threading.Event):
        host, port = service.mqtt
        options = {} if version == mqtt.MQTTv5 else {"clean_session": False}
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, **options)
        self.received: list[tuple[str, str, bool]] = []
        self.acknowledged = 0
        self.subscribed = threading.Event()
        self.ready = threading.Event()
        self.paho.on_message = lambda _, __, message: self.received.append(
            (message.topic, message.payload.decode(), message.retain)
        )
        self.paho.on_publish = self._count
        self.paho.on_subscribe = lambda *_: self.subscribed.set()
        self.paho.on_connect = lambda *_: self.ready.set()
        # An attempt that fails makes paho 2.1 forget that it had sent PUBREL: it then sends PUBLISH again.
        self.paho.on_disconnect = lambda *_: is_up.wait(60)
        self.paho.reconnect_delay_set(0.01, 0.1)
        properties = None
        options = {}
        if version == mqtt.MQTTv5:
            properties = mqtt.Properties(mqtt.PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 3600
            options = {"clean_start": False, "properties": properties}
        self.paho.connect(host, port, keepalive=60, **options)
        self.paho.loop_start()
        assert self.ready.wait(10), "no CONNACK"

    def _count(self, *_) -> None:
        self.acknowledged += 1

    def stop(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.mark.parametrize(
    ("version", "loops"),
    [(mqtt.MQTTv311, 1), (mqtt.MQTTv5, 1), (mqtt.MQTTv311, 3)],
    ids=["3.1.1", "5.0", "3.1.1 on three loops"],
)
def test_nothing_acknowledged_is_lost_when_the_process_is_killed_at_random(make_garage, version, loops):
    service = with_one_port(make_garage(environment={"GARAGE_MQTT_EVENT_LOOPS": str(loops)}))
    kills = 50 if LONG else 5
    seed = int(os.environ.get("GARAGE_SEED", random.randrange(1_000_000)))
    print(f"seed {seed}")
    generator = random.Random(seed)
    is_up = threading.Event()
    is_up.set()
    subscriber = Persistent(service, "subscriber", version, is_up)
    subscriber.paho.subscribe("app/#", 2)
    assert subscriber.subscribed.wait(10)
    publisher = Persistent(service, "publisher", version, is_up)
    published: dict[int, list[str]] = {1: [], 2: []}
    ends = threading.Event()

    def publish() -> None:
        number = 0
        while not ends.is_set():
            # paho keeps what is not acknowledged and sends it again on its next connection.
            if number - publisher.acknowledged > 60:
                time.sleep(0.001)
                continue
            qos = 1 + number % 2
            publisher.paho.publish(f"app/{qos}", str(number), qos)
            published[qos].append(str(number))
            number += 1

    worker = threading.Thread(target=publish, daemon=True)
    worker.start()
    for _ in range(kills):
        before = len(subscriber.received)
        eventually(lambda: len(subscriber.received) > before + 20, "messages", 30)
        # A moment that nothing in the program decides.
        time.sleep(generator.uniform(0, 0.3))
        is_up.clear()
        service.kill()
        service.start()
        is_up.set()
    ends.set()
    worker.join(10)
    wanted = len(published[1]) + len(published[2])
    eventually(lambda: publisher.acknowledged >= wanted, "every acknowledgement", 60)
    eventually(lambda: len({text for _, text, _ in subscriber.received}) >= wanted, f"{wanted} messages", 60)
    counts = collections.Counter(text for _, text, _ in subscriber.received)
    assert [text for text in published[1] if counts[text] < 1] == [], f"seed {seed}: lost with QoS 1"
    assert [text for text in published[2] if counts[text] < 1] == [], f"seed {seed}: lost with QoS 2"
    assert [text for text in published[2] if counts[text] > 1] == [], f"seed {seed}: QoS 2 more than once"
    for qos in (1, 2):
        first = list(dict.fromkeys(text for topic, text, _ in subscriber.received if topic == f"app/{qos}"))
        assert first == published[qos], f"seed {seed}: QoS {qos} out of order"
    publisher.stop()
    subscriber.stop()


def test_what_waits_for_a_client_outlives_a_kill_and_a_stop(service):
    client = Client(service, "away", clean=False).connect().subscribe("app/#", qos=2)
    client.disconnect()
    with Client(service, "other") as other:
        for number in range(100):
            other.publish(f"app/{1 + number % 2}", str(number), qos=1 + number % 2)
        service.kill()
    service.start()
    assert service.stop() == 0
    service.start()
    client = Client(service, "away", clean=False).connect()
    # paho hands out a QoS 2 message only with PUBREL, so that those of QoS 1 come before it.
    for qos in (1, 2):
        wanted = [str(number) for number in range(qos - 1, 100, 2)]
        eventually(lambda: client.payloads(f"app/{qos}") == wanted, f"all messages of QoS {qos} in order")
    assert not any(message.dup for message in client.messages)
    client.disconnect()


def test_retained_messages_outlive_a_kill(service):
    for number in range(5):
        mosquitto.publish(service, f"app/{number}", f"v{number}", "-r", "-q", "1")
    mosquitto.publish(service, "app/3", "", "-r", "-q", "1")
    mosquitto.publish(service, "app/4", "new", "-r", "-q", "2")
    service.kill()
    service.start()
    with mosquitto.Subscriber(service, "app/#") as subscriber:
        subscriber.await_line("1 2 app/4 new")
        eventually(lambda: len(subscriber.lines) == 4, "the retained messages")
        assert not any("app/3" in line for line in subscriber.lines)


def test_a_message_expires_while_the_service_is_down(service):
    client = Client(service, "away", clean=False, version=mqtt.MQTTv5).connect().subscribe("app/#")
    client.disconnect()
    with Client(service, "other", version=mqtt.MQTTv5) as other:
        for expiry in (1, 1000):
            properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = expiry
            other.publish("app/a", str(expiry), properties=properties)
            other.publish(f"app/kept/{expiry}", str(expiry), retain=True, properties=properties)
        stored = time.time()
        service.kill()
    eventually(lambda: time.time() > stored + 1.1, "a second to pass")
    service.start()
    client = Client(service, "away", clean=False, version=mqtt.MQTTv5).connect()
    eventually(lambda: client.payloads("app/kept/1000") == ["1000"], "the message that has time left")
    assert client.payloads("app/a") == ["1000"]
    assert all(0 < message.properties.MessageExpiryInterval < 1000 for message in client.messages)
    with mosquitto.Subscriber(service, "app/kept/#") as subscriber:
        subscriber.await_line("1 1 app/kept/1000 1000")
        assert len(subscriber.lines) == 1
    client.disconnect()


def test_the_will_of_a_lasting_session_is_published_after_a_kill(service):
    watcher = Client(service, "watcher", clean=False).connect().subscribe("app/status")
    dying = Client(service, "dying", clean=False, version=mqtt.MQTTv5, will=("app/status", "offline")).connect()
    # Its SUBACK says that the session is on disk.
    dying.subscribe("app/other")
    service.kill()
    for client in (watcher, dying):
        client.paho.loop_stop()
    service.start()
    watcher = Client(service, "watcher", clean=False).connect()
    eventually(lambda: watcher.payloads("app/status") == ["offline"], "the will")
    watcher.disconnect()


def broker_check(service) -> dict:
    checks = service.request("GET", "/readyz").json()["checks"]
    return next(check for check in checks if check["name"] == "broker_store")


def test_a_damaged_store_is_set_aside_and_said(service):
    mosquitto.publish(service, "app/a", "old", "-r", "-q", "1")
    assert broker_check(service) == {"name": "broker_store", "ok": True}
    assert service.stop() == 0
    store = service.data / "broker.db"
    store.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    service.start()
    check = broker_check(service)
    assert check["ok"] and "broker.db.damaged-" in check["detail"]
    assert len(list(service.data.glob("broker.db.damaged-*"))) == 1
    assert "broker.db could not be used" in service.log()
    assert service.await_event("alert.raised")["data"]["condition"] == "broker-store-set-aside"
    mosquitto.publish(service, "app/b", "new", "-r", "-q", "1")
    service.kill()
    service.start()
    with mosquitto.Subscriber(service, "app/#") as subscriber:
        subscriber.await_line("1 1 app/b new")
    assert "detail" not in broker_check(service)
    service.await_event("alert.cleared")


def test_a_full_disk_holds_acknowledgements_back_until_there_is_room(make_garage, monkeypatch):
    # A file that may not grow is what a full disk looks like; the signal that comes with it must not be deadly.
    monkeypatch.setattr(subprocess, "Popen", functools.partial(subprocess.Popen, restore_signals=False))
    service = make_garage().start()
    with Client(service, "publisher") as client:
        client.publish("app/first", "x" * 1000, retain=True)
        limits = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
        size = (service.data / "broker.db-wal").stat().st_size
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (size + 4096, limits[1]))
        infos = [client.paho.publish(f"app/{number}", "y" * 20_000, 1, True) for number in range(10)]
        eventually(lambda: not broker_check(service)["ok"], "the store to say that it can't be written")
        waiting = [number for number, info in enumerate(infos) if not info.is_published()]
        assert waiting, "acknowledged without room to store it"
        with mosquitto.Subscriber(service, "other") as subscriber:
            mosquitto.publish(service, "other", "goes on", "-q", "1")
            subscriber.await_line("0 1 other goes on")
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, limits)
        eventually(lambda: all(info.is_published() for info in infos), "the acknowledgements")
        eventually(lambda: broker_check(service)["ok"], "the store to be well")
        service.kill()
    service.start()
    with mosquitto.Subscriber(service, "app/#") as subscriber:
        eventually(lambda: len(subscriber.lines) == 11, "all retained messages")


def test_the_broker_alone_keeps_what_it_has_in_its_folder(tmp_path):
    broker = Broker(tmp_path).start()
    try:
        mosquitto.publish(broker, "app/a", "kept", "-r", "-q", "1")
        broker.kill()
        broker.log_file.unlink()
        broker.start()
        with mosquitto.Subscriber(broker, "app/#") as subscriber:
            subscriber.await_line("1 1 app/a kept")
        assert broker.stop() == 0
    finally:
        broker.close()


def test_a_store_of_a_newer_version_is_refused(service):
    assert service.stop() == 0
    with sqlite3.connect(service.data / "broker.db") as database:
        database.execute("PRAGMA user_version = 99")
    service.launch()
    assert service.wait() == 1
    assert "written by a newer version" in service.log()


def test_without_persistence_nothing_is_written(make_garage):
    service = make_garage(environment={"GARAGE_MQTT_PERSISTENCE": "off"}).start()
    mosquitto.publish(service, "app/a", "1", "-r", "-q", "1")
    service.restart()
    assert not (service.data / "broker.db").exists()
    with mosquitto.Subscriber(service, "app/#") as subscriber:
        mosquitto.publish(service, "app/b", "2", "-q", "1")
        subscriber.await_line("0 1 app/b 2")
        assert len(subscriber.lines) == 1
