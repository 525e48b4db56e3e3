// As much of the Arduino core and of the sketch's libraries as the sketch uses, with time and the world in our hands.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

using byte = uint8_t;
using std::isnan;

enum { LOW, HIGH, OUTPUT, INPUT, INPUT_PULLUP };
enum : uint8_t { D1 = 5, D2 = 4, D4 = 2, D5 = 14, D6 = 12 };

struct World {
  unsigned long now = 1;
  std::map<uint8_t, int> pins;
  unsigned long echo = 0;
  float temperature = 23.4f, humidity = 58.0f;
  bool reachable = true;
  bool connected = false;
};
extern World world;

inline unsigned long millis() { return world.now; }
inline void delayMicroseconds(unsigned int) {}
inline void pinMode(uint8_t, int) {}
inline void digitalWrite(uint8_t pin, int level) { world.pins[pin] = level; }
inline int digitalRead(uint8_t pin) { return world.pins[pin]; }
inline unsigned long pulseIn(uint8_t, int, unsigned long) { return world.echo; }
inline char *dtostrf(double value, signed char, unsigned char decimals, char *text) {
  std::snprintf(text, 16, "%.*f", decimals, value);
  return text;
}
