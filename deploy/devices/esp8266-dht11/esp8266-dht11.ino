/*
 * Temperature and humidity of a DHT11, and optionally one gate, from an ESP8266 to garage.
 *
 * Boards: NodeMCU, Wemos D1 mini and others with an ESP8266.
 * Libraries (Arduino library manager): "PubSubClient" by Nick O'Leary, "DHT sensor library" by Adafruit.
 *
 * Wiring
 *   DHT11   VCC -> 3V3, GND -> GND, DATA -> D4, with 10 kilo-ohms between DATA and 3V3 (modules have it on board)
 *   Gate    (set HAS_GATE to 1)
 *           reed contact, closed when the gate is closed: between D1 and GND
 *           relay input: D2; its contact in parallel with the push-button of the opener
 *
 * What it publishes
 *   garage/home/device/esp1/status          online | offline (last will), retained
 *   garage/home/sensor/dht1/temperature     degrees Celsius, or nan if the sensor does not answer
 *   garage/home/sensor/dht1/humidity        per cent, or nan
 *   garage/home/gate/front/state            open | closed | opening | closing
 * What it listens to
 *   garage/home/gate/front/actuate          OPEN | CLOSE | STOP
 */

#include <DHT.h>
#include <ESP8266WiFi.h>
#include <PubSubClient.h>

// ---- What you change ----------------------------------------------------------------------------------------------

const char *WIFI_NAME = "your network";
const char *WIFI_PASSWORD = "its password";

// The machine on which garage runs, and what `garage devices add esp1` printed there.
const char *BROKER = "192.168.1.10";
const uint16_t BROKER_PORT = 1883;
const char *DEVICE = "esp1";
const char *DEVICE_PASSWORD = "";

#define HAS_GATE 0

const uint8_t DHT_PIN = D4;
const uint8_t REED_PIN = D1;
const uint8_t RELAY_PIN = D2;

// A DHT11 needs two seconds between two measurements; a garage needs no more than two in a minute.
const unsigned long MEASURE_EVERY_MS = 30000;
const unsigned long RELAY_PULSE_MS = 500;
// How long the gate moves from one end to the other.
const unsigned long TRAVEL_MS = 15000;

// ---- Topics -------------------------------------------------------------------------------------------------------

const char *STATUS_TOPIC = "garage/home/device/esp1/status";
const char *TEMPERATURE_TOPIC = "garage/home/sensor/dht1/temperature";
const char *HUMIDITY_TOPIC = "garage/home/sensor/dht1/humidity";
const char *GATE_STATE_TOPIC = "garage/home/gate/front/state";
const char *GATE_ACTUATE_TOPIC = "garage/home/gate/front/actuate";

WiFiClient network;
PubSubClient broker(network);
DHT dht(DHT_PIN, DHT11);

unsigned long lastMeasured = 0;
unsigned long lastAttempt = 0;
bool measured = false;

// ---- Gate ---------------------------------------------------------------------------------------------------------

const char *gateState = "";
unsigned long gateMovesSince = 0;
unsigned long relaySince = 0;
unsigned long reedChangedAt = 0;
bool reedWasClosed = false;

// Publishes a new state of the gate, as retained, so that garage has it again after a restart.
void reportGate(const char *state) {
  gateState = state;
  broker.publish(GATE_STATE_TOPIC, state, true);
}

// The opener has one push-button: a pulse starts a movement or stops it. So a pulse is given only where the contact
// says that it will do what was asked for.
void pulse() {
  digitalWrite(RELAY_PIN, HIGH);
  relaySince = millis();
}

void onMessage(char *topic, byte *payload, unsigned int length) {
  char action[8] = "";
  if (strcmp(topic, GATE_ACTUATE_TOPIC) != 0 || length >= sizeof(action)) return;
  memcpy(action, payload, length);
  action[length] = '\0';

  bool moves = gateMovesSince != 0;
  if (strcmp(action, "OPEN") == 0 && !moves && reedWasClosed) {
    pulse();
    gateMovesSince = millis();
    reportGate("opening");
  } else if (strcmp(action, "CLOSE") == 0 && !moves && !reedWasClosed) {
    pulse();
    gateMovesSince = millis();
    reportGate("closing");
  } else if (strcmp(action, "STOP") == 0 && moves) {
    pulse();
    gateMovesSince = 0;
    reportGate("stopped");
  }
}

void watchGate() {
  unsigned long now = millis();
  if (relaySince != 0 && now - relaySince >= RELAY_PULSE_MS) {
    digitalWrite(RELAY_PIN, LOW);
    relaySince = 0;
  }

  // A contact bounces: believe it after 50 ms.
  bool closed = digitalRead(REED_PIN) == LOW;
  if (closed == reedWasClosed) {
    reedChangedAt = now;
  } else if (now - reedChangedAt >= 50) {
    reedWasClosed = closed;
    if (closed) {
      gateMovesSince = 0;
      reportGate("closed");
    } else if (gateMovesSince == 0) {
      // Opened by hand or by a remote control.
      gateMovesSince = now;
      reportGate("opening");
    }
  }

  if (gateMovesSince != 0 && now - gateMovesSince >= TRAVEL_MS) {
    gateMovesSince = 0;
    reportGate(reedWasClosed ? "closed" : "open");
  }
}

// ---- Sensor -------------------------------------------------------------------------------------------------------

// A value that could not be measured is published as `nan`: garage records it as a fault of the sensor.
void publishNumber(const char *topic, float value, unsigned char decimals) {
  char text[16] = "nan";
  if (!isnan(value)) dtostrf(value, 1, decimals, text);
  broker.publish(topic, text);
}

void measure() {
  publishNumber(TEMPERATURE_TOPIC, dht.readTemperature(), 1);
  publishNumber(HUMIDITY_TOPIC, dht.readHumidity(), 0);
}

// ---- Connection ---------------------------------------------------------------------------------------------------

void connectToBroker() {
  // One attempt in five seconds, so that the gate is watched meanwhile.
  if (WiFi.status() != WL_CONNECTED || (lastAttempt != 0 && millis() - lastAttempt < 5000)) return;
  lastAttempt = millis();
  bool connected = broker.connect(
    DEVICE, DEVICE_PASSWORD[0] ? DEVICE : nullptr, DEVICE_PASSWORD[0] ? DEVICE_PASSWORD : nullptr,
    STATUS_TOPIC, 1, true, "offline");
  if (!connected) return;
  broker.publish(STATUS_TOPIC, "online", true);
#if HAS_GATE
  broker.subscribe(GATE_ACTUATE_TOPIC, 1);
  reportGate(gateMovesSince != 0 ? gateState : (reedWasClosed ? "closed" : "open"));
#endif
}

void setup() {
#if HAS_GATE
  digitalWrite(RELAY_PIN, LOW);
  pinMode(RELAY_PIN, OUTPUT);
  pinMode(REED_PIN, INPUT_PULLUP);
  reedWasClosed = digitalRead(REED_PIN) == LOW;
#endif
  dht.begin();
  WiFi.mode(WIFI_STA);
  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);
  broker.setServer(BROKER, BROKER_PORT);
  broker.setKeepAlive(30);
  broker.setSocketTimeout(3);
  broker.setCallback(onMessage);
}

void loop() {
  if (!broker.loop()) connectToBroker();
#if HAS_GATE
  watchGate();
#endif
  if (broker.connected() && (!measured || millis() - lastMeasured >= MEASURE_EVERY_MS)) {
    measured = true;
    lastMeasured = millis();
    measure();
  }
}
