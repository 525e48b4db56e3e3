// Runs the sketch in virtual time and checks what it does. The first thing that is wrong is printed, and ends it.
#include "Arduino.h"

World world;
#include SKETCH

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      std::printf("line %d at %lu ms: %s\n", __LINE__, world.now, #condition); \
      return 1; \
    } \
  } while (false)

static void run(unsigned long milliseconds) {
  for (unsigned long end = world.now + milliseconds; world.now < end; world.now += 10) loop();
}

static void hear(const char *topic, const char *text) {
  char name[64];
  std::snprintf(name, sizeof name, "%s", topic);
  byte payload[64];
  std::memcpy(payload, text, std::strlen(text));
  broker.callback(name, payload, std::strlen(text));
}

/// What was published last on a topic; empty if nothing was.
static std::string last(const char *topic) {
  std::string found;
  for (auto &message : broker.published)
    if (message.topic == topic) found = message.payload;
  return found;
}

static int count(const char *topic) {
  int found = 0;
  for (auto &message : broker.published) found += message.topic == topic;
  return found;
}

/// Gives an order, and says whether the relay was pulsed.
static bool pulses(const char *order) {
  hear(GATE_ACTUATE_TOPIC, order);
  bool pressed = world.pins[RELAY_PIN] == HIGH;
  run(RELAY_PULSE_MS + 20);
  return pressed && world.pins[RELAY_PIN] == LOW;
}

static int sensor() {
  CHECK(last(STATUS_TOPIC) == "online" && broker.will == std::string(STATUS_TOPIC) + " offline 1 retained");
  CHECK(last(TEMPERATURE_TOPIC) == "23.4" && last(HUMIDITY_TOPIC) == "58");
  world.temperature = world.humidity = NAN;
  run(MEASURE_EVERY_MS + 10);
  CHECK(last(TEMPERATURE_TOPIC) == "nan" && last(HUMIDITY_TOPIC) == "nan");
  for (auto &message : broker.published) CHECK(!message.retained || message.topic != TEMPERATURE_TOPIC);
  return 0;
}

static int gate() {
  CHECK(last(GATE_STATE_TOPIC) == "closed");
  // A state is told again until it has come back.
  int told = count(GATE_STATE_TOPIC);
  run(2 * REPEAT_MS + 50);
  CHECK(count(GATE_STATE_TOPIC) == told + 2);
  hear(GATE_STATE_TOPIC, "open");
  run(REPEAT_MS + 10);
  CHECK(count(GATE_STATE_TOPIC) == told + 3);
  hear(GATE_STATE_TOPIC, "closed");
  run(2 * REPEAT_MS);
  CHECK(count(GATE_STATE_TOPIC) == told + 3);

  CHECK(!pulses("CLOSE") && !pulses("STOP") && !pulses("TOGGLE") && !pulses("OPEN AT ONCE") && !pulses(""));
  CHECK(pulses("OPEN") && last(GATE_STATE_TOPIC) == "opening");
  CHECK(!pulses("OPEN") && !pulses("CLOSE"));
  world.pins[REED_PIN] = HIGH;
  run(TRAVEL_MS);
  CHECK(last(GATE_STATE_TOPIC) == "open");
  CHECK(!pulses("OPEN") && pulses("CLOSE") && last(GATE_STATE_TOPIC) == "closing");
  CHECK(pulses("STOP") && last(GATE_STATE_TOPIC) == "stopped");
  // Nobody knows which way the next pulse would send it.
  CHECK(!pulses("OPEN") && !pulses("CLOSE") && !pulses("STOP"));
  world.pins[REED_PIN] = LOW;
  run(200);
  CHECK(last(GATE_STATE_TOPIC) == "closed");
  // A contact that bounces has not opened.
  world.pins[REED_PIN] = HIGH;
  run(30);
  world.pins[REED_PIN] = LOW;
  run(100);
  CHECK(last(GATE_STATE_TOPIC) == "closed");

  // While nobody looked, an order may have grown old.
  world.now += COMMAND_LIFE_MS + 1000;
  loop();
  hear(GATE_ACTUATE_TOPIC, "OPEN");
  CHECK(world.pins[RELAY_PIN] == LOW);
  run(10);
  CHECK(pulses("OPEN"));
  world.pins[REED_PIN] = HIGH;
  run(TRAVEL_MS);

  // Nor is one obeyed that comes with the connection.
  world.connected = world.reachable = false;
  run(6000);
  world.reachable = true;
  run(6000);
  CHECK(world.connected && last(GATE_STATE_TOPIC) == "open");
  world.connected = false;
  run(5100);
  CHECK(!pulses("CLOSE"));
  run(QUIET_AFTER_CONNECT_MS);
  CHECK(pulses("CLOSE"));
  return 0;
}

static int spot() {
  CHECK(last(SPOT_STATE_TOPIC) == "");
  // 58 microseconds of echo are a centimetre.
  for (int distance : {100, 250, 100, 250, 100, 250}) {
    world.echo = 58 * distance;
    run(LOOK_EVERY_MS);
  }
  CHECK(last(SPOT_STATE_TOPIC) == "");
  world.echo = 58 * 250;
  run(4 * LOOK_EVERY_MS);
  CHECK(last(SPOT_STATE_TOPIC) == "free");
  hear(SPOT_STATE_TOPIC, "free");
  world.echo = 58 * 100;
  run(2 * LOOK_EVERY_MS);
  world.echo = 0;
  run(5 * LOOK_EVERY_MS);
  CHECK(last(SPOT_STATE_TOPIC) == "free");
  world.echo = 58 * 100;
  run(4 * LOOK_EVERY_MS);
  CHECK(last(SPOT_STATE_TOPIC) == "occupied");
  return 0;
}

int main() {
  world.pins[REED_PIN] = LOW;
  setup();
  run(100);
  if (HAS_GATE && gate()) return 1;
  if (HAS_SPOT && spot()) return 1;
  // At the end, because it waits for long.
  return sensor();
}
