// Not FoundationEssentials, which knows no time zone but UTC.
import Foundation
public import GarageDomain

/// Which garage is simulated, and at which broker.
public struct SimulationOptions: Sendable {
    /// A name or an IP address.
    public var host: String
    public var port: Int
    public var username: String?
    public var password: String?

    public var garage = Name(nearest: "home")
    /// 0 to 1000; each has its own device.
    public var gates = 2
    /// 0 to 100 000; each row of six has its own device.
    public var spots = 12
    /// 0 to 1 000 000; each has its own device.
    public var sensors = 3
    /// Load mode: the messages per second that all sensors send together, instead of reporting at intervals.
    public var rate: Double?
    /// The same seed and settings give the same garage.
    public var seed: UInt64 = 1
    /// How many times faster than real time the day passes. Gates and reports keep their own pace.
    public var speed = 1.0
    /// How often a sensor reports, in milliseconds.
    public var reportInterval: Int64 = 30_000
    public var misbehaviour: Misbehaviour = []
    /// Milliseconds that the garage's local time is ahead of UTC; this machine's zone unless set.
    public var utcOffset = Int64(TimeZone.current.secondsFromGMT()) * 1000

    /// One event loop thread serves this many devices, as far as there are processor cores.
    public var clientsPerLoop = 2000
    /// How long the fleet looks for the broker before it gives up, when it starts.
    public var patience: Duration = .seconds(3)
    /// How often the fleet logs what it has done; `nil` for never.
    public var progressInterval: Duration? = .seconds(10)

    public init(host: String = "127.0.0.1", port: Int = 1883) {
        self.host = host
        self.port = port
    }

    /// The mini garage: 2 gates, 12 spots and 3 sensors, with the day a little faster so that there is more to see.
    public static func demo(host: String, port: Int) -> SimulationOptions {
        var options = SimulationOptions(host: host, port: port)
        options.speed = 4
        options.reportInterval = 15_000
        options.progressInterval = nil
        return options
    }

    var model: ModelSettings {
        ModelSettings(
            seed: seed, garage: garage, gates: gates, spots: spots, sensors: sensors, speed: speed,
            reportInterval: reportInterval, rate: rate, misbehaviour: misbehaviour, utcOffset: utcOffset)
    }

    /// What is wrong with the options, in words for the person who gave them; `nil` if nothing is.
    public var problem: String? {
        if host.isEmpty { return "the broker's host name is empty" }
        if !(1...65_535).contains(port) { return "the broker's port must be 1 to 65535, not \(port)" }
        if password != nil, username == nil { return "a password needs a user name beside it" }
        return model.problem
    }

    /// The broker as a person writes it: `host:port`, an IPv6 address in brackets.
    var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
