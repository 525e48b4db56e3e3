import Access
import Testing

@Suite("Who may use which topic")
struct TopicAccessTests {
    private let access = TopicAccess { $0.hasSuffix("/command") || $0.hasPrefix("cmnd/") }
    private let device = TopicUser(kind: .device, name: "esp1", clientID: "c-17")

    @Test(
        "A device has the topics that bear its name, and no other",
        arguments: [
            ("garage/home/sensor/esp1/temperature", true), ("garage/home/sensor/esp1", true),
            ("garage/home/device/esp1/status", true), ("esp1/sensor/x/state", true), ("tele/esp1/SENSOR", true),
            ("homeassistant/sensor/esp1/t/config", true), ("garage/home/sensor/dht1/temperature", false),
            ("garage/home/sensor/esp10/temperature", false), ("garage/home/gate/esp1/command", false),
            ("cmnd/esp1/POWER", false), ("$SYS/esp1/x", false), ("garage/home/events", false),
        ])
    func devicePublishes(topic: String, isAllowed: Bool) {
        #expect(access.check(device, .publish, topic).isAllowed == isAllowed)
    }

    @Test(
        "A device may subscribe only where every match is its own",
        arguments: [
            ("garage/home/gate/esp1/actuate", true), ("cmnd/esp1/#", true), ("esp1/#", true), ("#", false),
            ("garage/#", false), ("garage/+/+/+/actuate", false), ("+/esp1/#", false), ("$SYS/#", false),
            ("homeassistant/status", true),
        ])
    func deviceSubscribes(filter: String, isAllowed: Bool) {
        #expect(access.check(device, .subscribe, filter).isAllowed == isAllowed)
    }

    @Test("A device uses the topics that it was given beside its own")
    func grantedTopics() throws {
        var device = device
        device.topics = [try #require(TopicPattern("garage/home/sensor/dht1/#"))]
        #expect(access.check(device, .publish, "garage/home/sensor/dht1/temperature").isAllowed)
        #expect(!access.check(device, .publish, "garage/home/sensor/dht2/temperature").isAllowed)
    }

    @Test("A name with wildcards or slashes widens nothing", arguments: ["+", "#", "a/b", "+/x"])
    func hostileNames(name: String) {
        let device = TopicUser(kind: .device, name: name, clientID: name)
        #expect(!access.check(device, .publish, "garage/home/sensor/dht1").isAllowed)
        #expect(!access.check(device, .subscribe, "garage/home/sensor/+").isAllowed)
    }

    @Test("A token publishes commands if it may, and never what devices report")
    func tokens() {
        let phone = TopicUser(kind: .token, name: "phone", clientID: "phone", scopes: [.read, .command])
        #expect(access.check(phone, .publish, "garage/home/gate/front/command").isAllowed)
        #expect(!access.check(phone, .publish, "garage/home/gate/front/state").isAllowed)
        #expect(access.check(phone, .subscribe, "garage/#").isAllowed)
        let sign = TopicUser(kind: .token, name: "sign", clientID: "sign", scopes: [.read])
        #expect(access.check(sign, .subscribe, "garage/home/occupancy").isAllowed)
        #expect(!access.check(sign, .publish, "garage/home/gate/front/command").isAllowed)
    }

    @Test("The first configured rule that applies decides, and the answer names it")
    func configuredRules() throws {
        let rules = try [
            "deny device:esp1 publish garage/home/sensor/esp1/humidity",
            "allow device publish garage/+/sensor/+/#", "deny anyone subscribe $SYS/#", "allow token any shared/%u/#",
        ].map { try #require(TopicRule($0)) }
        let access = TopicAccess(rules: rules) { _ in false }
        let refused = access.check(device, .publish, "garage/home/sensor/esp1/humidity")
        #expect(!refused.isAllowed)
        #expect(refused.because == "rule 1: deny device:esp1 publish garage/home/sensor/esp1/humidity")
        #expect(access.check(device, .publish, "garage/home/sensor/dht1/temperature").because.hasPrefix("rule 2"))
        let ana = TopicUser(kind: .token, name: "ana", clientID: "x", scopes: [.read])
        #expect(access.check(ana, .publish, "shared/ana/x").isAllowed)
        #expect(!access.check(ana, .publish, "shared/bia/x").isAllowed)
        #expect(!access.check(ana, .subscribe, "$SYS/broker/uptime").isAllowed)
    }

    @Test("A refusal also meets a filter that is wider than itself")
    func widerFilters() throws {
        let rule = try #require(TopicRule("deny token subscribe garage/home/private/#"))
        let access = TopicAccess(rules: [rule]) { _ in false }
        let ana = TopicUser(kind: .token, name: "ana", clientID: "x", scopes: [.read])
        #expect(!access.check(ana, .subscribe, "garage/#").isAllowed)
        #expect(!access.check(ana, .subscribe, "garage/+/private/x").isAllowed)
        #expect(access.check(ana, .subscribe, "garage/home/sensor/#").isAllowed)
    }

    @Test(
        "What is no rule is refused",
        arguments: [
            "", "allow", "allow device publish", "permit device publish a", "allow dog publish a",
            "allow device read a",
            "allow device publish a/#/b", "allow device publish a+", "allow device: publish a",
            "allow device publish a b",
        ])
    func nonsense(line: String) {
        #expect(TopicRule(line) == nil)
    }

    @Test("Levels and names are bytes: what looks or joins alike opens nothing")
    func bytes() throws {
        let own = try #require(TopicPattern("+/%u/#"))
        #expect(own.covers("a/esp1/b", user: "esp1", clientID: "c"))
        // A mark that joins with the slash before or behind it does not hide the slash.
        for hidden in ["a/\u{338}b/esp1/c", "a\u{600}/b/esp1/c", "a/b/\u{338}/esp1/c"] {
            #expect(!own.covers(hidden, user: "esp1", clientID: "c"), "\(Array(hidden.utf8))")
        }
        // Two ways to write é.
        let named = try #require(TopicPattern("caf\u{E9}/#"))
        #expect(named.covers("caf\u{E9}/a", user: nil, clientID: "c"))
        #expect(!named.covers("cafe\u{301}/a", user: nil, clientID: "c"))
        #expect(!own.covers("a/cafe\u{301}/b", user: "caf\u{E9}", clientID: "c"))
        #expect(try #require(TopicPattern("x/%c")).covers("x/d", user: nil, clientID: "d"))
        #expect(try !#require(TopicPattern("x/%c")).covers("x/+", user: nil, clientID: "+"))
    }

    @Test(
        "A device has its own topics only, whatever it is called",
        arguments: ["garage", "home", "gate", "homeassistant"])
    func names(name: String) {
        let access = TopicAccess { _ in false }
        let user = TopicUser(kind: .device, name: name, clientID: "c")
        for topic in [
            "garage/home/gate/front/state", "garage/home/spot/A1/state", "homeassistant/cover/front/config",
        ] {
            #expect(!access.check(user, .publish, topic).isAllowed, "\(topic)")
        }
        for filter in ["garage/#", "garage/home/#", "homeassistant/#", "+/home/#", "+/\(name)/#", "garage/home/gate/#"]
        {
            #expect(!access.check(user, .subscribe, filter).isAllowed, "\(filter)")
        }
        #expect(access.check(user, .publish, "garage/home/sensor/\(name)/temperature").isAllowed)
        #expect(access.check(user, .publish, "tele/\(name)/STATE").isAllowed)
        #expect(access.check(user, .subscribe, "cmnd/\(name)/#").isAllowed)
    }
}
