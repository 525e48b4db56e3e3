/// The profiles in the order in which they are asked; the first that knows a topic reads it.
public struct Profiles: Sendable {
    /// The profiles that the service comes with.
    public static let standard = Profiles([NativeProfile()])

    public let list: [any DeviceProfile]

    public init(_ list: [any DeviceProfile]) { self.list = list }

    /// What the message says.
    public func interpret(topic: Span<UInt8>, payload: Span<UInt8>) -> Interpretation {
        for profile in list {
            if let interpretation = profile.interpret(topic: topic, payload: payload) { return interpretation }
        }
        return .unmapped
    }

    /// Whether a message on this topic asks a gate to move, so that it must be neither retained nor a last will.
    public func isCommand(topic: Span<UInt8>) -> Bool {
        list.contains { $0.isCommand(topic: topic) }
    }

    /// Whether a topic is one of the service's own (`garage/…`): the first, cheap question for each message.
    @inlinable
    public static func isGarageTopic(_ topic: UnsafeRawBufferPointer) -> Bool {
        // "garage/" in one comparison of eight bytes; the eighth is any.
        guard topic.count > 7 else { return false }
        let head = UInt64(littleEndian: topic.loadUnaligned(as: UInt64.self))
        return head & 0x00FF_FFFF_FFFF_FFFF == 0x002F_6567_6172_6167
    }
}

extension Profiles {
    /// What the message says. The bytes are not kept.
    public func interpret(topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> Interpretation {
        topic.withMemoryRebound(to: UInt8.self) { topic in
            payload.withMemoryRebound(to: UInt8.self) { payload in
                interpret(topic: Span(_unsafeElements: topic), payload: Span(_unsafeElements: payload))
            }
        }
    }

    /// What the message says.
    public func interpret(topic: String, payload: [UInt8]) -> Interpretation {
        interpret(topic: Array(topic.utf8).span, payload: payload.span)
    }

    /// Whether a message on this topic asks a gate to move.
    public func isCommand(topic: UnsafeRawBufferPointer) -> Bool {
        topic.withMemoryRebound(to: UInt8.self) { isCommand(topic: Span(_unsafeElements: $0)) }
    }

    /// Whether a message on this topic asks a gate to move.
    public func isCommand(topic: String) -> Bool { isCommand(topic: Array(topic.utf8).span) }

    /// Whether a topic is one of the service's own (`garage/…`).
    public static func isGarageTopic(_ topic: String) -> Bool {
        Array(topic.utf8).withUnsafeBytes { isGarageTopic($0) }
    }

    /// Whether a topic is written like one of the service's own: `garage/<garage>/<kind>/…`, whatever the levels hold.
    static func hasGarageShape(_ topic: String) -> Bool {
        let levels = topic.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return levels.count == 4 && levels[0] == "garage" && ["gate", "spot", "sensor", "device"].contains(levels[2])
    }
}
