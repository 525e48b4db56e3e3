/// How much HTTP clients may take of the service. What a connection to the control socket may do is not bounded by it.
public struct HTTPLimits: Sendable, Hashable {
    /// Connections at one time, of all clients together.
    public var connections = 1000
    /// How long a connection may take until a whole request head has come, at first and after each answer, in seconds.
    public var requestSeconds = 75
    /// The largest header section of a request, in bytes: names and values. Never more than 65536.
    public var headerBytes = 32_768
    /// The largest request body, in bytes. Reports of LoRaWAN servers may have 65536 in any case.
    public var bodyBytes = 16_384
    /// How long a client may take to send a body, in seconds.
    public var bodySeconds = 15
    /// Live streams (server-sent events) at one time, of all clients together.
    public var streams = 500
    /// Live streams of one address; 0 for any number.
    public var streamsPerAddress = 100

    public init() {}

    /// What holds for the request under way.
    @TaskLocal static var current = HTTPLimits()
}
