/*
 * Temperature and humidity of a DHT11, and optionally one gate and one parking spot, from an ESP8266 to garage.
 *
 * Boards: NodeMCU, Wemos D1 mini and others with an ESP8266.
 * Libraries (Arduino library manager): "PubSubClient" by Nick O'Leary, "DHT sensor library" by Adafruit.
 *
 * Wiring
 *   DHT11   VCC -> 3V3, GND -> GND, DATA -> D4, with 10 kilo-ohms between DATA and 3V3 (modules have it on board)
 *   Gate    (set HAS_GATE to 1)
 *           reed contact, closed when the gate is closed: between D1 and GND
 *           relay input: D2; its contact in parallel with the push-button of the opener
 *   Spot    (set HAS_SPOT to 1) HC-SR04 or JSN-SR04T above the spot
 *           VCC -> 5V, GND -> GND, TRIG -> D5, ECHO -> D6 through a divider of 1 and 2 kilo-ohms: its output is 5 V,
 *           and the ESP8266 bears 3.3 V
 *
 * What it publishes
 *   garage/home/device/esp1/status          online | offline (last will), retained
 *   garage/home/sensor/esp1/temperature     degrees Celsius, or nan if the sensor does not answer
 *   garage/home/sensor/esp1/humidity        per cent, or nan
 *   garage/home/gate/front/state            open | closed | opening | closing | stopped
 *   garage/home/spot/A1/state               occupied | free
 * What it listens to
 *   garage/home/gate/front/actuate          OPEN | CLOSE | STOP
 *
 * PubSubClient can only publish with QoS 0. So that no state of the gate or the spot is lost, the sketch subscribes to its
 * own state topics and repeats a state until it comes back from the broker.
 *
 * The opener has one button, so say in garage.yaml that the gate is of `type: toggle`: garage then asks it for nothing
 * while a pulse could do something else. The sketch keeps to that by itself too.
 *
 * A command that may have waited on its way is void: one that comes right after a connection, or after a time in which
 * the sketch could not look at the network.
 */

#include <DHT.h>
#include <ESP8266WiFi.h>
#include <PubSubClient.h>

// ---- What you change ----------------------------------------------------------------------------------------------

const char *WIFI_NAME = "your network";
const char *WIFI_PASSWORD = "its password";

// The machine on which garage runs, and the password that was printed there by one of
//   garage devices add esp1
//   garage devices add esp1 --topic 'garage/home/gate/front/#' --topic 'garage/home/spot/A1/#'
// A device may use the topics that bear its name; a gate and a spot have names of their own, so they are named here.
const char *BROKER = "192.168.1.10";
const uint16_t BROKER_PORT = 1883;
const char *DEVICE = "esp1";
const char *DEVICE_PASSWORD = "";

#define HAS_GATE 0
#define HAS_SPOT 0

const uint8_t DHT_PIN = D4;
const uint8_t REED_PIN = D1;
const uint8_t RELAY_PIN = D2;
const uint8_t TRIGGER_PIN = D5;
const uint8_t ECHO_PIN = D6;

// A DHT11 needs two seconds between two measurements; a garage needs no more than two in a minute.
const unsigned long MEASURE_EVERY_MS = 30000;
const unsigned long RELAY_PULSE_MS = 500;
// How long the gate moves from one end to the other.
const unsigned long TRAVEL_MS = 15000;
// A command that may be older than this is not obeyed.
const unsigned long COMMAND_LIFE_MS = 5000;
// No command is obeyed so soon after a connection.
const unsigned long QUIET_AFTER_CONNECT_MS = 3000;
// A state that has not come back after this time is sent again.
const unsigned long REPEAT_MS = 2000;
// A car stands on the spot if something is nearer to the sensor than this.
const unsigned int CAR_NEARER_THAN_CM = 150;
const unsigned long LOOK_EVERY_MS = 1000;

// ---- Topics -------------------------------------------------------------------------------------------------------

const char *STATUS_TOPIC = "garage/home/device/esp1/status";
const char *TEMPERATURE_TOPIC = "garage/home/sensor/esp1/temperature";
const char *HUMIDITY_TOPIC = "garage/home/sensor/esp1/humidity";
const char *GATE_STATE_TOPIC = "garage/home/gate/front/state";
const char *GATE_ACTUATE_TOPIC = "garage/home/gate/front/actuate";
const char *SPOT_STATE_TOPIC = "garage/home/spot/A1/state";

WiFiClient network;
PubSubClient broker(network);
DHT dht(DHT_PIN, DHT11);

unsigned long lastMeasured = 0;
unsigned long lastAttempt = 0;
bool measured = false;

// ---- States that must arrive ----------------------------------------------------------------------------------------

// A state, and whether the broker is known to have it.
struct Report {
  const char *topic;
  const char *state;
  bool confirmed;
  unsigned long sentAt;
};

Report gateReport = {GATE_STATE_TOPIC, "", true, 0};
Report spotReport = {SPOT_STATE_TOPIC, "", true, 0};

unsigned long connectedAt = 0;
unsigned long lastLook = 0;
bool commandMayBeOld = false;

// Retained, so that garage has the state again after a restart.
void send(Report &report) {
  report.sentAt = millis();
  broker.publish(report.topic, report.state, true);
}

void tell(Report &report, const char *state) {
  report.state = state;
  report.confirmed = false;
  send(report);
}

// What came back from the broker.
void confirm(Report &report, const byte *payload, unsigned int length) {
  if (length == strlen(report.state) && memcmp(payload, report.state, length) == 0) report.confirmed = true;
}

void repeat(Report &report) {
  if (!report.confirmed && broker.connected() && millis() - report.sentAt >= REPEAT_MS) send(report);
}

// ---- Gate ---------------------------------------------------------------------------------------------------------

const char *gateState = "";
unsigned long gateMovesSince = 0;
unsigned long relaySince = 0;
unsigned long reedChangedAt = 0;
bool reedWasClosed = false;

void reportGate(const char *state) {
  gateState = state;
  tell(gateReport, state);
}

// The opener has one push-button: a pulse starts a movement or stops it. So a pulse is given only where the contact
// says that it will do what was asked for.
void pulse() {
  digitalWrite(RELAY_PIN, HIGH);
  relaySince = millis();
}

void onMessage(char *topic, byte *payload, unsigned int length) {
  if (strcmp(topic, GATE_STATE_TOPIC) == 0) return confirm(gateReport, payload, length);
  if (strcmp(topic, SPOT_STATE_TOPIC) == 0) return confirm(spotReport, payload, length);
  char action[8] = "";
  if (strcmp(topic, GATE_ACTUATE_TOPIC) != 0 || length >= sizeof(action)) return;
  memcpy(action, payload, length);
  action[length] = '\0';
  if (strcmp(action, "STOP") != 0 && (commandMayBeOld || millis() - connectedAt < QUIET_AFTER_CONNECT_MS)) return;

  bool moves = gateMovesSince != 0;
  if (strcmp(action, "OPEN") == 0 && !moves && reedWasClosed) {
    pulse();
    gateMovesSince = millis();
    reportGate("opening");
  } else if (strcmp(action, "CLOSE") == 0 && !moves && strcmp(gateState, "open") == 0) {
    // Not when it was stopped on its way: nobody knows which way it goes next.
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

// ---- Spot ---------------------------------------------------------------------------------------------------------

bool spotOccupied = false;
bool spotKnown = false;
bool spotSeen = false;
uint8_t spotAgreeing = 0;
unsigned long spotLookedAt = 0;

// Three looks have to agree: an echo goes astray now and then. No echo at all says nothing.
void watchSpot() {
  if (millis() - spotLookedAt < LOOK_EVERY_MS) return;
  spotLookedAt = millis();
  digitalWrite(TRIGGER_PIN, HIGH);
  delayMicroseconds(10);
  digitalWrite(TRIGGER_PIN, LOW);
  unsigned long echo = pulseIn(ECHO_PIN, HIGH, 25000);
  if (echo == 0) return;
  bool occupied = echo / 58 < CAR_NEARER_THAN_CM;
  if (occupied != spotSeen) spotAgreeing = 0;
  spotSeen = occupied;
  if (spotAgreeing < 3 && ++spotAgreeing < 3) return;
  if (!spotKnown || occupied != spotOccupied) {
    spotKnown = true;
    spotOccupied = occupied;
    tell(spotReport, occupied ? "occupied" : "free");
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
  connectedAt = millis();
  broker.publish(STATUS_TOPIC, "online", true);
#if HAS_SPOT
  broker.subscribe(SPOT_STATE_TOPIC, 1);
  if (spotKnown) tell(spotReport, spotOccupied ? "occupied" : "free");
#endif
#if HAS_GATE
  broker.subscribe(GATE_ACTUATE_TOPIC, 0);
  broker.subscribe(GATE_STATE_TOPIC, 1);
  // What it was before the connection, or what the contact says after the start.
  reportGate(gateState[0] ? gateState : (reedWasClosed ? "closed" : "open"));
#endif
}

void setup() {
#if HAS_GATE
  digitalWrite(RELAY_PIN, LOW);
  pinMode(RELAY_PIN, OUTPUT);
  pinMode(REED_PIN, INPUT_PULLUP);
  reedWasClosed = digitalRead(REED_PIN) == LOW;
#endif
#if HAS_SPOT
  digitalWrite(TRIGGER_PIN, LOW);
  pinMode(TRIGGER_PIN, OUTPUT);
  pinMode(ECHO_PIN, INPUT);
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
  // What comes in now may have waited for as long as nobody looked.
  commandMayBeOld = millis() - lastLook > COMMAND_LIFE_MS;
  lastLook = millis();
  if (!broker.loop()) connectToBroker();
#if HAS_GATE
  watchGate();
  repeat(gateReport);
#endif
#if HAS_SPOT
  watchSpot();
  repeat(spotReport);
#endif
  if (broker.connected() && (!measured || millis() - lastMeasured >= MEASURE_EVERY_MS)) {
    measured = true;
    lastMeasured = millis();
    measure();
  }
}
