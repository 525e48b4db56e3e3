public import Logging
public import MQTTBroker
public import MQTTCodec
public import NIOPosix
public import ServiceLifecycle

/// An MQTT broker on SwiftNIO: listeners, connections and event loops around the deterministic `BrokerCore`.
///
/// Call `start()`, then `run()` (or hand the server to a `ServiceGroup`, which calls `run()`; that starts it if needed).
public final class MQTTServer: Service, Sendable {
    public init(
        configuration: Configuration, policy: any BrokerPolicy, eventLoopGroup: MultiThreadedEventLoopGroup,
        logger: Logger
    ) {
    }

    /// Binds every listener, or none. Throws `StartError`.
    public func start() async throws -> BoundAddresses {
        BoundAddresses()
    }

    /// Serves until graceful shutdown or cancellation, then closes the listeners and every connection and returns
    /// within 2 seconds.
    public func run() async throws {
    }

    /// Publishes to every loop and returns the number of connected subscribers that it was handed to.
    public func publish(_ message: LocalMessage) async -> Int {
        0
    }

    /// Publishes without waiting for the outcome. Messages of one thread keep their order.
    public func post(_ message: LocalMessage) {
    }

    /// Lets held acknowledgements go. Success acknowledges; a code of 0x80 and above tells an MQTT 5 client that the
    /// publish failed. For MQTT 3, which cannot be told, a failure closes the connection so that the client sends again.
    public func release(_ releases: [(HoldTicket, ReasonCode)]) {
    }

    /// Figures over all loops.
    public func statistics() async -> BrokerStatistics {
        BrokerStatistics()
    }

    /// Every session, sorted by client identifier.
    public func clients() async -> [ClientInfo] {
        []
    }

    /// Closes a client's connection, if it has one; MQTT 5 clients are told 0x98 (administrative action).
    public func disconnect(clientID: String) {
    }
}
