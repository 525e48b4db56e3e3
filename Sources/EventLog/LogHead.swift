/// What tells one log from another: 16 random bytes made when the file was created.
public struct LogIdentity: Hashable, Sendable {
    public let bytes: [UInt8]

    /// The identity with these 16 bytes, or `nil` if there are not 16.
    public init?(bytes: [UInt8]) {
        guard bytes.count == LogIdentity.size else { return nil }
        self.bytes = bytes
    }

    static let size = 16
}

/// The end of one hash chain.
public struct ChainHead: Hashable, Sendable {
    public var chain: Chain
    /// The position of its last event; 0 if it has had none.
    public var position: Int64
    /// The SHA-256 of its last event, 32 bytes; of the chain's beginning if it has had none.
    public var hash: [UInt8]

    public init(chain: Chain, position: Int64, hash: [UInt8]) {
        self.chain = chain
        self.position = position
        self.hash = hash
    }
}

/// The end of the log at one moment. Kept elsewhere, it proves later that nothing before it was changed or cut off.
public struct LogHead: Hashable, Sendable {
    public var identity: LogIdentity
    /// The last position that is on disk; 0 in an empty log.
    public var position: Int64
    public var journal: ChainHead
    public var telemetry: ChainHead

    public init(identity: LogIdentity, position: Int64, journal: ChainHead, telemetry: ChainHead) {
        self.identity = identity
        self.position = position
        self.journal = journal
        self.telemetry = telemetry
    }

    subscript(chain: Chain) -> ChainHead {
        get {
            switch chain {
            case .journal: journal
            case .telemetry: telemetry
            }
        }
        set {
            switch chain {
            case .journal: journal = newValue
            case .telemetry: telemetry = newValue
            }
        }
    }
}
