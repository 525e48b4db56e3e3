"""Devices for the tests: MQTT clients that behave as firmware does."""

import threading
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from waiting import eventually


class Client:
    """A stock paho-mqtt client that keeps what it receives."""

    def __init__(
        self,
        garage,
        client_id: str = "",
        version: int = mqtt.MQTTv311,
        transport: str = "tcp",
        clean: bool = True,
        will: tuple[str, str] | None = None,
        expiry: int = 3600,
    ):
        self.messages: list[mqtt.MQTTMessage] = []
        self.client_id = client_id or f"test-{uuid.uuid4().hex[:8]}"
        self.garage = garage
        self._connected = threading.Event()
        options = {} if version == mqtt.MQTTv5 else {"clean_session": clean}
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=version, transport=transport, **options
        )
        self.version, self.clean, self.expiry, self.transport = version, clean, expiry, transport
        self.paho.on_connect = self._on_connect
        self.paho.on_message = self._on_message
        if will:
            self.paho.will_set(*will, qos=1)

    def _on_connect(self, client, userdata, flags, reason, properties):
        if not reason.is_failure:
            self._connected.set()

    def _on_message(self, client, userdata, message):
        self.messages.append(message)

    def connect(self) -> "Client":
        host, port = self.garage.websocket if self.transport == "websockets" else self.garage.mqtt
        options = {}
        if self.version == mqtt.MQTTv5:
            properties = mqtt.Properties(mqtt.PacketTypes.CONNECT)
            if not self.clean:
                properties.SessionExpiryInterval = self.expiry
            options = {"clean_start": self.clean, "properties": properties}
        self._connected.clear()
        self.paho.connect(host, port, keepalive=60, **options)
        self.paho.loop_start()
        assert self._connected.wait(10), "no CONNACK"
        return self

    def subscribe(self, *filters: str, qos: int = 1) -> "Client":
        done = threading.Event()
        self.paho.on_subscribe = lambda *_: done.set()
        self.paho.subscribe([(filter, qos) for filter in filters])
        assert done.wait(10), "no SUBACK"
        return self

    def publish(self, topic: str, payload: str, qos: int = 1, retain: bool = False, properties=None) -> "Client":
        """Publishes and, for QoS 1 and 2, waits until the broker has acknowledged."""
        info = self.paho.publish(topic, payload, qos, retain, properties)
        info.wait_for_publish(10)
        assert info.is_published(), f"no acknowledgement for {topic}"
        return self

    def payloads(self, topic: str) -> list[str]:
        """What has arrived on this topic, in order."""
        return [message.payload.decode() for message in list(self.messages) if message.topic == topic]

    def await_payload(self, topic: str, payload: str, seconds: float = 10) -> None:
        eventually(lambda: payload in self.payloads(topic), f"{payload!r} on {topic}", seconds)

    def disconnect(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def cut(self) -> None:
        """Ends the connection without DISCONNECT, as a device that loses power."""
        self.paho.loop_stop()
        self.paho._sock_close()

    def __enter__(self) -> "Client":
        return self.connect()

    def __exit__(self, *_) -> None:
        self.disconnect()


class GateDevice:
    """Firmware of a gate: does what `actuate` says and reports each state.

    `obeys = False` makes it ignore commands; `pauses = True` makes it stay in motion until `arrive()`.
    """

    MOTION = {"OPEN": ("opening", "open"), "CLOSE": ("closing", "closed"), "STOP": ("stopped", "stopped")}

    def __init__(self, garage, name: str, state: str = "closed", clean: bool = True):
        self.topic = f"garage/home/gate/{name}"
        self.status = f"garage/home/device/{name}-opener/status"
        self.state = state
        self.obeys = True
        self.pauses = False
        self.actuations: list[str] = []
        self.retained_actuations = 0
        self._target = state
        self.client = Client(garage, f"{name}-opener", clean=clean, will=(self.status, "offline"))
        self.client.paho.on_message = self._on_message

    def start(self) -> "GateDevice":
        self.client.connect().subscribe(self.topic + "/actuate")
        self.client.publish(self.status, "online", retain=True)
        self.report(self.state)
        return self

    def report(self, state: str) -> None:
        """Publishes a state and waits for its acknowledgement: the event is then on disk."""
        self.state = state
        self.client.publish(self.topic + "/state", state)

    def arrive(self) -> None:
        """Ends the motion that `pauses` has held up."""
        self.report(self._target)

    def _on_message(self, client, userdata, message):
        self.actuations.append(message.payload.decode())
        self.retained_actuations += message.retain
        if not self.obeys:
            return
        moving, self._target = self.MOTION[message.payload.decode()]
        # Inside a callback paho must not wait for acknowledgements.
        self.state = moving if self.pauses else self._target
        for state in [moving] if self.pauses else dict.fromkeys([moving, self._target]):
            self.client.paho.publish(self.topic + "/state", state, qos=1)

    def stop(self) -> None:
        self.client.disconnect()
