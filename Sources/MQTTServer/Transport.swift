import NIOCore

/// What carries the bytes of one connection, as its loop sees it. All of it happens on the loop.
protocol Transport: AnyObject {
    /// Whether more bytes are taken now.
    var isWritable: Bool { get }
    /// Takes bytes at once, without calling the loop meanwhile, and says how many; `nil` for a transport that takes
    /// buffers.
    func take(_ bytes: UnsafeRawBufferPointer) -> Int?
    func write(_ bytes: ByteBuffer)
    /// Stops or resumes taking bytes from the client.
    func setReading(_ reading: Bool)
    /// Closes in a way that lets the client read what was written last.
    func finish()
    func closeNow()
}

extension Transport {
    func take(_ bytes: UnsafeRawBufferPointer) -> Int? { nil }
}

/// Whose connection it is and where it came in.
struct Peer: Sendable {
    /// `192.0.2.7:50312`, `[2001:db8::7]:50312`, or `unix`.
    var address: String
    /// The listener's name, such as `tcp 127.0.0.1:1883`.
    var listener: String
    /// Whether the client is slowed down instead of cut off where that is enough.
    var isLenient = false
    /// When the connection was accepted, in nanoseconds of uptime, if other things came before MQTT; they count into
    /// the time that it has to log in.
    var accepted: UInt64?

    static func text(_ address: SocketAddress?) -> String {
        guard let address else { return "unknown" }
        guard let ip = address.ipAddress, let port = address.port else { return "unix" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}
