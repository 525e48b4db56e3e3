/// What one address may do before it has said who it is. An IPv6 address counts as its /64 network.
public struct AdmissionLimits: Sendable, Hashable {
    /// Connections at one time from one address; 0 for any number.
    public var maximumConnectionsPerAddress = 0
    /// New connections per second from one address; 0 for any number. An address that was quiet may open twice as many
    /// at once.
    public var connectionRatePerAddress = 0
    /// TLS handshakes at one time, over all addresses; at least 1. Connections beyond them wait to be accepted.
    public var maximumHandshakes = 64
    /// Addresses that are not counted.
    public var exempt: [AddressRange] = AddressRange.loopback

    public init() {}
}
