import Synchronization

/// What a fleet has done so far.
public struct FleetStatistics: Hashable, Sendable {
    /// Devices that are connected now.
    public var connected = 0
    /// Messages handed to the network.
    public var sent = 0
    /// Messages of QoS 1 that the broker has acknowledged.
    public var acknowledged = 0
    /// Messages that a device could not send, because it was offline or the connection broke.
    public var lost = 0
    /// Messages not sent because too many of the same device waited for their acknowledgement.
    public var late = 0
    /// Connections made after the first of each device.
    public var reconnects = 0
    /// Commands that gates obeyed.
    public var commands = 0
    /// The last thing that went wrong, in words.
    public var lastProblem: String?

    public init() {}
}

/// The statistics that all devices of a fleet count in.
final class StatisticsBoard: Sendable {
    private let statistics = Mutex(FleetStatistics())

    var current: FleetStatistics { statistics.withLock { $0 } }

    func update(_ change: (inout sending FleetStatistics) -> Void) { statistics.withLock { change(&$0) } }
}
