"""The first program of everyone who tries MQTT in Python, for paho-mqtt 1.6 and 2.x. Run by test_clients.py.

Arguments: host, port, protocol (3.1, 3.1.1 or 5.0), transport (tcp or websockets), topic, and for TLS the authority's
certificate.
Subscribes in on_connect, prints what arrives, publishes `hello` to the topic once subscribed, ends when it comes back.
"""

import sys

import paho.mqtt.client as mqtt

host, port, protocol, transport, topic, *authority = sys.argv[1:]
version = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}[protocol]


def on_connect(client, userdata, flags, reason, properties=None):
    print("connected", reason, flush=True)
    client.subscribe(topic, qos=1)


def on_subscribe(client, userdata, identifier, reasons, properties=None):
    client.publish(topic, "hello", qos=1)


def on_message(client, userdata, message):
    print(message.topic, message.payload.decode(), flush=True)
    client.disconnect()


# Only MQTT 3.1 needs a client identifier.
name = "stock" if protocol == "3.1" else ""
if hasattr(mqtt, "CallbackAPIVersion"):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, protocol=version, transport=transport)
else:
    client = mqtt.Client(name, protocol=version, transport=transport)
if authority:
    client.tls_set(authority[0])
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect(host, int(port), 60)
client.loop_forever()
