public import NIOCore

/// Cuts a stream of bytes into packets: feed it what arrives, take packets until there is none.
public struct PacketDecoder: Sendable {
    /// What packets other than CONNECT are decoded as. A server sets it when it has the CONNECT.
    public var version: ProtocolVersion
    /// The most bytes that a packet, with its fixed header, may have.
    public var maximumPacketSize: Int

    private var buffer = ByteBuffer()
    private var failure: DecodeError?

    public init(version: ProtocolVersion = .v5, maximumPacketSize: Int = VariableByteInteger.maximum + 5) {
        self.version = version
        self.maximumPacketSize = maximumPacketSize
    }

    /// Takes all readable bytes of `bytes`.
    public mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes.readSlice(length: bytes.readableBytes) ?? ByteBuffer()
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
    }

    /// The number of bytes that no packet has been taken from yet.
    public var unreadBytes: Int { buffer.readableBytes }

    /// The next packet, or nil until more bytes arrive.
    /// - Throws: the reason why the stream can't go on, as soon as it is known: a packet above the limit fails when
    ///   its length is. The same error comes again at each further call, since nothing behind a bad packet can be
    ///   trusted.
    public mutating func next() throws(DecodeError) -> Packet? {
        if let failure { throw failure }
        do throws(DecodeError) {
            return try take()
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func take() throws(DecodeError) -> Packet? {
        let version = version
        let header = try buffer.withUnsafeReadableBytes { bytes throws(DecodeError) in
            try FixedHeader.peek(bytes, version: version)
        }
        guard let header else { return nil }
        guard header.totalLength <= maximumPacketSize else {
            throw DecodeError(
                reasonCode: .packetTooLarge, clause: "MQTT-3.1.2-24",
                detail: "a packet is larger than the \(maximumPacketSize) bytes that are allowed")
        }
        guard let slice = buffer.readSlice(length: header.totalLength) else { return nil }
        return try Packet.decode(slice, version: version)
    }
}
