#pragma once
#include "Arduino.h"
enum { WIFI_STA, WL_CONNECTED };
struct WiFiClient {};
struct WiFiRadio {
  void mode(int) {}
  void begin(const char *, const char *) {}
  int status() { return WL_CONNECTED; }
};
inline WiFiRadio WiFi;
