public import NIOCore

/// The PROXY protocol header, version 2 (haproxy.org, proxy-protocol.txt, section 2.2), that a balancer puts in front of
/// a connection to say whose it is.
public enum ProxyHeader {
    /// What the bytes at the front of a connection are.
    public enum Parsed: Equatable, Sendable {
        /// More bytes are needed.
        case incomplete
        /// The client's address, or `nil` when the balancer speaks for itself or of another kind of address. `length`
        /// bytes belong to the header.
        case header(source: SocketAddress?, length: Int)
        /// Not such a header.
        case invalid
    }

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let fixedLength = 16
    /// Addresses and the few extras that balancers send; the field could announce 64 KiB.
    private static let maximumRest = 2048

    /// Reads the header at the front of `bytes`, which may be cut anywhere.
    public static func parse(_ bytes: ByteBufferView) -> Parsed {
        guard signature.starts(with: bytes.prefix(signature.count)) else { return .invalid }
        guard bytes.count >= fixedLength else { return .incomplete }
        let fixed = Array(bytes.prefix(fixedLength))
        let rest = Int(fixed[14]) << 8 | Int(fixed[15])
        guard fixed[12] >> 4 == 2, rest <= maximumRest else { return .invalid }
        guard bytes.count >= fixedLength + rest else { return .incomplete }
        let body = Array(bytes.dropFirst(fixedLength).prefix(rest))
        switch fixed[12] & 0x0F {
        case 0: return .header(source: nil, length: fixedLength + rest)
        case 1:
            guard body.count >= addressLength(of: fixed[13]) else { return .invalid }
            return .header(source: source(family: fixed[13], body), length: fixedLength + rest)
        default: return .invalid
        }
    }

    /// Bytes that the addresses of a family take; 0 for those whose addresses are not looked at.
    private static func addressLength(of family: UInt8) -> Int {
        switch family {
        case 0x11: 12
        case 0x21: 36
        default: 0
        }
    }

    private static func source(family: UInt8, _ body: [UInt8]) -> SocketAddress? {
        switch family {
        case 0x11: address(body[0..<4], port: body[8..<10])
        case 0x21: address(body[0..<16], port: body[32..<34])
        default: nil
        }
    }

    private static func address(_ bytes: ArraySlice<UInt8>, port: ArraySlice<UInt8>) -> SocketAddress? {
        let port = port.reduce(0) { $0 << 8 | Int($1) }
        return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: port)
    }
}
