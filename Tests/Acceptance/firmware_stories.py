"""What firmware of each kind sends, in the order of its documentation, and what becomes of it."""

import json

# Each story: what a device sends in the order of its firmware's documentation (topic, payload, retained), and the events
# that follow, without those of devices coming and going.
STORIES = {
    "esphome": (
        [
            ("garagem/status", "online", True),
            (
                "homeassistant/cover/garagem/portao/config",
                json.dumps(
                    {
                        "dev_cla": "gate", "name": "Portao", "stat_t": "garagem/cover/portao/state",
                        "cmd_t": "garagem/cover/portao/command", "avty_t": "garagem/status", "uniq_id": "ESPcover",
                        "dev": {"ids": "aabbcc", "name": "garagem", "sw": "esphome v2024.10.2", "mdl": "d1_mini"},
                    }
                ),
                True,
            ),
            ("garagem/sensor/temperatura/state", "23.4", True),
            ("garagem/sensor/umidade/state", "nan", True),
            ("garagem/cover/portao/state", "closed", True),
            ("garagem/debug", "\x1b[0;36m[D][dht:048]: Got Temperature=23.4\x1b[0m", False),
            ("garagem/cover/portao/state", "opening", True),
            ("garagem/cover/portao/state", "open", True),
        ],
        [
            ("sensor/home.garagem", "sensor.reading-recorded"), ("sensor/home.garagem", "sensor.fault-detected"),
            ("gate/home.garagem-portao", "gate.closed"), ("gate/home.garagem-portao", "gate.opening"),
            ("gate/home.garagem-portao", "gate.opened"),
        ],
    ),
    "tasmota": (
        [
            ("tele/t1/LWT", "Online", True),
            ("tele/t1/STATE", '{"Time":"2026-01-01T00:00:00","Uptime":"0T00:00:10","Wifi":{"RSSI":60}}', False),
            (
                "tele/t1/SENSOR",
                '{"Time":"2026-01-01T00:00:00","DHT11":{"Temperature":77.0,"Humidity":50.0,"DewPoint":56.9},'
                '"TempUnit":"F"}',
                False,
            ),
            ("stat/t1/RESULT", '{"Shutter1":{"Position":0,"Direction":1,"Target":100}}', False),
            ("stat/t1/RESULT", '{"Shutter1":{"Position":100,"Direction":0,"Target":100}}', False),
        ],
        [
            ("sensor/home.t1-DHT11", "sensor.reading-recorded"), ("sensor/home.t1-DHT11", "sensor.reading-recorded"),
            ("gate/home.t1", "gate.opening"), ("gate/home.t1", "gate.opened"),
        ],
    ),
    "ratgdo": (
        [
            ("/home/garage/MainDoor/status/availability", "online", True),
            ("/home/garage/MainDoor/status/door", "syncing", True),
            ("/home/garage/MainDoor/status/door", "closed", True),
            ("/home/garage/MainDoor/status/obstruction", "clear", True),
            ("/home/garage/MainDoor/status/door", "opening", True),
            ("/home/garage/MainDoor/status/obstruction", "obstructed", True),
        ],
        [
            ("gate/home.MainDoor", "gate.closed"), ("gate/home.MainDoor", "gate.opening"),
            ("gate/home.MainDoor", "gate.obstructed"), ("gate/home.MainDoor", "alert.raised"),
        ],
    ),
    "opengarage": (
        [
            ("OG1/OUT/STATUS", "online", True),
            ("OG1/OUT/JSON", '{"dist":28,"door":0,"vehicle":1,"obstruct":0,"temp":23.1,"humid":55}', False),
            ("OG1/OUT/STATE", "OPEN", False),
        ],
        [
            ("gate/home.OG1", "gate.closed"), ("spot/home.OG1", "spot.occupied"),
            ("sensor/home.OG1", "sensor.reading-recorded"), ("sensor/home.OG1", "sensor.reading-recorded"),
            ("gate/home.OG1", "gate.opened"),
        ],
    ),
    "chirpstack": (
        [
            (
                "application/1/device/0102030405060708/event/up",
                '{"deduplicationId":"a1","deviceInfo":{"deviceName":"vaga-1"},"fPort":1,"data":"AQ=="}',
                False,
            ),
            (
                "application/1/device/0102030405060708/event/up",
                '{"deduplicationId":"a1","deviceInfo":{"deviceName":"vaga-1"},"fPort":1,"data":"AQ=="}',
                False,
            ),
            (
                "application/1/device/0102030405060708/event/up",
                '{"deduplicationId":"a2","deviceInfo":{"deviceName":"vaga-1"},"fPort":1,"data":"AA=="}',
                False,
            ),
        ],
        [("spot/home.vaga-1", "spot.occupied"), ("spot/home.vaga-1", "spot.freed")],
    ),
    "zigbee2mqtt": (
        [
            ("zigbee2mqtt/bridge/state", '{"state":"online"}', True),
            ("zigbee2mqtt/bridge/info", '{"version":"1.40.1"}', True),
            ("zigbee2mqtt/bridge/devices", '[{"friendly_name":"portao","type":"EndDevice"}]', True),
            ("zigbee2mqtt/portao/availability", '{"state":"online"}', True),
            ("zigbee2mqtt/portao", '{"battery":97,"contact":true,"linkquality":120,"voltage":3005}', False),
            ("zigbee2mqtt/portao", '{"battery":97,"contact":false,"linkquality":118,"voltage":3005}', False),
            ("zigbee2mqtt/garagem/vaga 1", '{"occupancy":true,"linkquality":90}', False),
            ("zigbee2mqtt/clima", '{"temperature":27.34,"humidity":44.72,"pressure":1010.1}', False),
            ("zigbee2mqtt/bridge/logging", '{"level":"info","message":"MQTT publish"}', False),
        ],
        [
            ("gate/home.portao", "gate.closed"), ("gate/home.portao", "gate.opened"),
            ("spot/home.garagem-vaga-1", "spot.occupied"),
            ("sensor/home.clima", "sensor.reading-recorded"), ("sensor/home.clima", "sensor.reading-recorded"),
        ],
    ),
    "shelly-gen1": (
        [
            ("shellies/announce", '{"id":"shellyswitch25-A1","mac":"A1","fw_ver":"20230913"}', False),
            ("shellies/shellyswitch25-A1/online", "true", True),
            ("shellies/shellyswitch25-A1/roller/0", "stop", False),
            ("shellies/shellyswitch25-A1/roller/0/pos", "0", False),
            ("shellies/shellyswitch25-A1/roller/0", "open", False),
            ("shellies/shellyswitch25-A1/roller/0/power", "110.2", False),
            ("shellies/shellyswitch25-A1/roller/0", "stop", False),
            ("shellies/shellyswitch25-A1/roller/0/pos", "100", False),
            ("shellies/shellyht-B2/sensor/temperature", "21.4", True),
            ("shellies/shellyht-B2/sensor/humidity", "48.5", True),
            ("shellies/shellyht-B2/sensor/battery", "90", True),
        ],
        [
            ("gate/home.shellyswitch25-A1", "gate.closed"), ("gate/home.shellyswitch25-A1", "gate.opening"),
            ("gate/home.shellyswitch25-A1", "gate.opened"), ("sensor/home.shellyht-B2", "sensor.reading-recorded"),
            ("sensor/home.shellyht-B2", "sensor.reading-recorded"),
        ],
    ),
    "shelly-gen2": (
        [
            ("shellyplus2pm-c3/online", "true", True),
            ("shellyplus2pm-c3/status/cover:0", '{"id":0,"source":"init","state":"closed","current_pos":0}', False),
            (
                "shellyplus2pm-c3/events/rpc",
                '{"src":"shellyplus2pm-c3","dst":"shellyplus2pm-c3/events","method":"NotifyStatus",'
                '"params":{"ts":1680962879.62,"cover:0":{"id":0,"state":"opening","source":"switch"}}}',
                False,
            ),
            (
                "shellyplus2pm-c3/events/rpc",
                '{"src":"shellyplus2pm-c3","dst":"shellyplus2pm-c3/events","method":"NotifyStatus",'
                '"params":{"ts":1680962890.10,"cover:0":{"id":0,"apower":0,"current_pos":100,"state":"open"}}}',
                False,
            ),
            ("shellyplus2pm-c3/status/temperature:0", '{"id":0,"tC":19.8,"tF":67.6}', False),
        ],
        [
            ("gate/home.shellyplus2pm-c3", "gate.closed"), ("gate/home.shellyplus2pm-c3", "gate.opening"),
            ("gate/home.shellyplus2pm-c3", "gate.opened"),
            ("sensor/home.shellyplus2pm-c3", "sensor.reading-recorded"),
        ],
    ),
    "homie-4": (
        [
            ("homie/esp1/$state", "init", True), ("homie/esp1/$homie", "4.0.0", True),
            ("homie/esp1/$name", "Garagem", True), ("homie/esp1/$nodes", "dht,portao", True),
            ("homie/esp1/dht/$properties", "temperature", True), ("homie/esp1/dht/temperature/$unit", "°C", True),
            ("homie/esp1/dht/temperature/$datatype", "float", True),
            ("homie/esp1/portao/state/$datatype", "enum", True),
            ("homie/esp1/portao/state/$format", "open,closed,opening,closing,stop", True),
            ("homie/esp1/portao/state/$settable", "true", True),
            ("homie/esp1/dht/temperature", "21.5", True), ("homie/esp1/portao/state", "closed", True),
            ("homie/esp1/$state", "ready", True), ("homie/esp1/portao/state", "opening", True),
        ],
        [
            ("sensor/home.esp1-dht", "sensor.reading-recorded"), ("gate/home.esp1-portao", "gate.closed"),
            ("gate/home.esp1-portao", "gate.opening"),
        ],
    ),
    "homie-5": (
        [
            ("homie/5/esp2/$state", "init", True),
            (
                "homie/5/esp2/$description",
                '{"homie":"5.0","version":7,"nodes":{"sonda":{"properties":{"x":{"datatype":"float","unit":"°F"}}},'
                '"vaga1":{"properties":{"occupied":{"datatype":"boolean"}}}}}',
                True,
            ),
            ("homie/5/esp2/$state", "ready", True), ("homie/5/esp2/sonda/x", "68", True),
            ("homie/5/esp2/vaga1/occupied", "true", True), ("homie/5/esp2/vaga1/occupied", "false", True),
        ],
        [
            ("sensor/home.esp2-sonda", "sensor.reading-recorded"), ("spot/home.esp2-vaga1", "spot.occupied"),
            ("spot/home.esp2-vaga1", "spot.freed"),
        ],
    ),
    "sketches": (
        [
            ("esp8266/dht11/temperature", "25.00", False), ("esp8266/dht11/umidade", "60,5", False),
            ("casa/garagem", '{"temperatura":25,"umidade":60,"portao":"Aberto","vaga1":"ocupada"}', False),
            ("casa/portao", "abrindo", False), ("sala/temperatura", "nan", False),
        ],
        [
            ("sensor/home.esp8266-dht11", "sensor.reading-recorded"),
            ("sensor/home.esp8266-dht11", "sensor.reading-recorded"),
            ("sensor/home.casa-garagem", "sensor.reading-recorded"),
            ("sensor/home.casa-garagem", "sensor.reading-recorded"), ("gate/home.casa-garagem", "gate.opened"),
            ("spot/home.casa-garagem-vaga1", "spot.occupied"), ("gate/home.casa-portao", "gate.opening"),
            ("sensor/home.sala", "sensor.fault-detected"),
        ],
    ),
    "the things stack": (
        [
            (
                "v3/garagem@ttn/devices/vaga-1/up",
                '{"end_device_ids":{"device_id":"vaga-1","dev_eui":"0102030405060708"},"received_at":'
                '"2026-01-01T00:00:00Z","uplink_message":{"f_port":1,"f_cnt":1,"frm_payload":"AQ==",'
                '"decoded_payload":{"occupied":true},"rx_metadata":[{"rssi":-35,"snr":5.2}]}}',
                False,
            ),
            (
                "v3/garagem@ttn/devices/vaga-1/up",
                '{"end_device_ids":{"device_id":"vaga-1","dev_eui":"0102030405060708"},"received_at":'
                '"2026-01-01T00:05:00Z","uplink_message":{"f_port":1,"f_cnt":2,"frm_payload":"AA=="}}',
                False,
            ),
            (
                "v3/garagem@ttn/devices/vaga-1/up",
                '{"end_device_ids":{"device_id":"vaga-1"},"uplink_message":{"f_port":1,"frm_payload":"AQ=="},'
                '"simulated":true}',
                False,
            ),
        ],
        [("spot/home.vaga-1", "spot.occupied"), ("spot/home.vaga-1", "spot.freed")],
    ),
    "tasmota, announced": (
        [
            (
                "homeassistant/sensor/1A2B3C_AM2301_Temperature/config",
                '{"name":"t1 AM2301 Temperature","stat_t":"tele/t1/SENSOR","avty_t":"tele/t1/LWT","pl_avail":"Online",'
                '"pl_not_avail":"Offline","uniq_id":"1A2B3C_AM2301_Temperature","dev":{"ids":["1A2B3C"]},'
                '"unit_of_meas":"°C","dev_cla":"temperature","frc_upd":true,'
                '"val_tpl":"{{value_json[\'AM2301\'].Temperature}}"}',
                True,
            ),
            ("tele/t1/LWT", "Online", True),
            ("tele/t1/SENSOR", '{"Time":"2026-01-01T00:00:00","AM2301":{"Temperature":24.6},"TempUnit":"C"}', False),
        ],
        [("sensor/home.t1-AM2301", "sensor.reading-recorded")],
    ),
    "openmqttgateway, announced": (
        [
            (
                "homeassistant/sensor/A4C138-temp/config",
                '{"stat_t":"home/OpenMQTTGateway/BTtoMQTT/A4C138","dev_cla":"temperature","unit_of_meas":"°C","name":"temp",'
                '"uniq_id":"A4C138-temp","val_tpl":"{{ value_json.tempc | is_defined }}","stat_cla":"measurement",'
                '"dev":{"ids":["A4C138"],"name":"Garagem","mdl":"LYWSD03MMC","via_device":"OpenMQTTGateway"}}',
                True,
            ),
            ("home/OpenMQTTGateway/BTtoMQTT/A4C138", '{"id":"A4:C1:38","tempc":21.3,"hum":50,"rssi":-60}', False),
        ],
        [("sensor/home.Garagem-A4C138", "sensor.reading-recorded")],
    ),
    "a device that announces itself as a whole": (
        [
            (
                "homeassistant/device/no1/config",
                '{"dev":{"ids":["no1"],"name":"No 1"},"o":{"name":"own"},"avty_t":"no1/vivo","stat_t":"no1/tudo","cmps":{'
                '"t":{"p":"sensor","dev_cla":"temperature","unit_of_meas":"°F","val_tpl":"{{ value_json.f }}"},'
                '"v":{"p":"binary_sensor","dev_cla":"occupancy","val_tpl":"{{ \'ON\' if value_json.d < 50 else \'OFF\' }}"}}}',
                True,
            ),
            ("no1/vivo", "online", True), ("no1/tudo", '{"f":68,"d":20}', False), ("no1/tudo", '{"f":68,"d":80}', False),
        ],
        [
            ("sensor/home.No-1", "sensor.reading-recorded"), ("spot/home.No-1-v", "spot.occupied"),
            ("sensor/home.No-1", "sensor.reading-recorded"), ("spot/home.No-1-v", "spot.freed"),
        ],
    ),
}
