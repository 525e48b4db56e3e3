public import NIOCore

/// An IP address without a port, IPv4 mapped into IPv6 (`::ffff:192.0.2.1`) so that both are one kind.
public struct IPAddress: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    /// The address of a socket; `nil` for one that is not IP.
    public init?(_ address: SocketAddress) {
        switch address {
        case .v4(let v4):
            // Family and port, two bytes each, come before the address.
            let bytes = withUnsafeBytes(of: v4.address) { Array($0.dropFirst(4).prefix(4)) }
            self.init(high: 0, low: 0xFFFF_0000_0000 | Self.number(bytes))
        case .v6(let v6):
            // Here the flow label too.
            let bytes = withUnsafeBytes(of: v6.address) { Array($0.dropFirst(8).prefix(16)) }
            self.init(high: Self.number(bytes.prefix(8)), low: Self.number(bytes.suffix(8)))
        case .unixDomainSocket: return nil
        }
    }

    /// Reads `192.0.2.1` or `2001:db8::1`.
    public init?(_ text: String) {
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        self.init(address)
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// What counts as one client when connections are counted: an IPv4 address, or the 64-bit network of an IPv6 one,
    /// whose owner has all the addresses in it.
    var countedAs: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }
}

/// A range of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let first: IPAddress
    private let highMask: UInt64
    private let lowMask: UInt64
    public let description: String

    /// Reads an address with or without a prefix length; `nil` if the text is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        var length = 128
        if parts.count == 2 {
            let most = address.isIPv4 ? 32 : 128
            guard let given = Int(parts[1]), (0...most).contains(given) else { return nil }
            length = address.isIPv4 ? 96 + given : given
        }
        // A shift by the whole width gives 0 with Swift's smart shifts.
        highMask = UInt64.max << max(0, 64 - length)
        lowMask = UInt64.max << min(64, 128 - length)
        first = IPAddress(high: address.high & highMask, low: address.low & lowMask)
        description = text
    }

    /// This machine's own addresses.
    public static let loopback = ["127.0.0.0/8", "::1"].compactMap(AddressRange.init)

    public func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == first.high && address.low & lowMask == first.low
    }
}
