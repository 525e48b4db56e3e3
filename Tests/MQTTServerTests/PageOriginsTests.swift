import MQTTWebSocket
import Testing

@Suite("Web pages that may speak MQTT")
struct PageOriginsTests {
    @Test(arguments: [
        (nil, "garage.local:8083"),
        ("http://127.0.0.1:8080", "127.0.0.1:8083"),
        ("http://192.168.1.10", "192.168.1.10:8083"),
        ("http://[fe80::1]:8080", "[fe80::1]:8083"),
        ("http://LOCALHOST:8080", "localhost"),
        ("http://garage.localhost", "garage.localhost:8083"),
        ("https://Garage.lan", "garage.lan:8083"),
        ("https://panel.example", "anything.example"),
    ])
    func admitted(origin: String?, host: String) {
        let origins = PageOrigins(allowed: ["https://panel.example"], hosts: ["garage.lan"])
        #expect(origins.admits(origin: origin, host: host))
    }

    @Test(arguments: [
        ("http://evil.example", "127.0.0.1:8083"),
        ("http://evil.example:8083", "evil.example:8083"),
        ("http://1.2.3.4.evil.example", "1.2.3.4.evil.example"),
        ("http://1.2.3.400", "1.2.3.400"),
        ("http://1.2.3", "1.2.3"),
        ("http://127.0.0.1", nil),
        ("null", "127.0.0.1:8083"),
        ("http", "http"),
        ("", ""),
        ("http://", ""),
    ])
    func refused(origin: String, host: String?) {
        let origins = PageOrigins(allowed: ["https://panel.example"], hosts: ["garage.lan"])
        #expect(!origins.admits(origin: origin, host: host))
        #expect(!PageOrigins(hosts: ["garage.lan"]).admits(origin: "https://panel.example", host: "garage.lan"))
    }

    @Test func everyNameIfAskedFor() {
        #expect(PageOrigins(hosts: ["*"]).admits(origin: "http://any.example", host: "any.example:1"))
        #expect(!PageOrigins(hosts: ["*"]).admits(origin: "http://any.example", host: "other.example:1"))
    }
}
