import Crypto
import EventLog
import GarageDomain
import MQTTBroker

/// What tells a QoS 1 or 2 publish from others of its session, as far as its bytes do.
struct MessageMark: Hashable, Sendable {
    let packetID: UInt16
    /// 50 bits of a hash of client identifier, topic and payload.
    let digest: UInt64

    static let digestBits: UInt64 = 50

    /// - Parameter key: Some bytes that others don't know in advance; the same for as long as marks are compared.
    init(
        packetID: UInt16, clientID: String, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, key: [UInt8]
    ) {
        self.packetID = packetID
        var hasher = SHA256()
        var clientID = clientID
        key.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        clientID.withUTF8 { text in
            withUnsafeBytes(of: (UInt32(clamping: text.count), UInt32(clamping: topic.count))) {
                hasher.update(bufferPointer: $0)
            }
            hasher.update(bufferPointer: UnsafeRawBufferPointer(text))
        }
        hasher.update(bufferPointer: topic)
        hasher.update(bufferPointer: payload)
        digest =
            hasher.finalize().withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } >> (64 - MessageMark.digestBits)
    }

    init(packetID: UInt16, digest: UInt64) {
        self.packetID = packetID
        self.digest = digest & (1 << MessageMark.digestBits - 1)
    }
}

/// The identity of a QoS 1 or 2 publish, from which those of its events follow: UUIDs of version 7 that have the message's
/// mark where others have random bits. So the log itself remembers which messages it has, also across a restart.
struct MessageID: Hashable, Sendable {
    let mark: MessageMark
    /// When it came, since 1970.
    let milliseconds: Int64

    init(mark: MessageMark, milliseconds: Int64) {
        self.mark = mark
        self.milliseconds = milliseconds
    }

    /// The message that an event of this id would be of. An id with random bits gives one that no message has.
    init(of event: EventID) {
        milliseconds = Int64(event.high >> 16)
        let packetID = (event.high & 0x0FFF) << 4 | (event.low >> 58) & 0xF
        mark = MessageMark(packetID: UInt16(truncatingIfNeeded: packetID), digest: event.low >> 8)
    }

    /// The id of the message's event with this number; `nil` for more than 256 events.
    func event(_ number: Int) -> EventID? {
        guard let number = UInt8(exactly: number) else { return nil }
        let packetID = UInt64(mark.packetID)
        return EventID(
            microseconds: milliseconds &* 1000,
            random: (packetID >> 4, (packetID & 0xF) << 58 | mark.digest << 8 | UInt64(number)))
    }
}
