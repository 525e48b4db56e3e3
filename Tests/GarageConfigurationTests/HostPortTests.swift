import GarageConfiguration
import Testing

@Suite struct HostPortTests {
    @Test(arguments: [
        ("127.0.0.1:1883", "127.0.0.1", 1883), ("[::1]:80", "::1", 80), ("garage.local:0", "garage.local", 0),
        ("1883", "127.0.0.1", 1883),
    ])
    func reads(text: String, host: String, port: Int) {
        #expect(HostPort(text) == HostPort(host: host, port: port))
    }

    @Test(arguments: ["", ":1", "a:", "a:b", "a:65536", "::1:80", "[::1]", "[::1", "a:-1", "a:+1"])
    func refuses(text: String) {
        #expect(HostPort(text) == nil)
    }

    @Test func knowsLoopback() {
        for host in ["127.0.0.1", "127.3.2.1", "::1", "localhost"] { #expect(HostPort(host: host, port: 1).isLoopback) }
        for host in ["0.0.0.0", "::", "192.168.1.2", "127.0.0.1.example.org", "127.evil.0.1"] {
            #expect(!HostPort(host: host, port: 1).isLoopback)
        }
    }
}
