#pragma once
#include "Arduino.h"

struct Published {
  std::string topic, payload;
  bool retained;
};

struct PubSubClient {
  using Callback = void (*)(char *, byte *, unsigned int);
  Callback callback = nullptr;
  std::vector<Published> published;
  std::vector<std::string> subscribed;
  std::string will;

  explicit PubSubClient(WiFiClient &) {}
  PubSubClient &setServer(const char *, uint16_t) { return *this; }
  PubSubClient &setKeepAlive(uint16_t) { return *this; }
  PubSubClient &setSocketTimeout(uint16_t) { return *this; }
  PubSubClient &setCallback(Callback wanted) { return callback = wanted, *this; }
  bool connect(const char *, const char *, const char *, const char *topic, uint8_t qos, bool retain, const char *text) {
    if (!world.reachable) return false;
    will = std::string(topic) + " " + text + " " + std::to_string(qos) + (retain ? " retained" : "");
    return world.connected = true;
  }
  bool connected() { return world.connected; }
  bool loop() { return world.connected; }
  bool subscribe(const char *topic, uint8_t) { return subscribed.push_back(topic), true; }
  bool publish(const char *topic, const char *payload, bool retained = false) {
    if (world.connected) published.push_back({topic, payload, retained});
    return world.connected;
  }
};
