import MQTTCodec

/// What a client of the simulation is like for the whole run.
struct Traits {
    enum Kind {
        /// Keeps its session for ever and its subscriptions from the beginning, so that it must get everything.
        case keeper
        /// One of a group with a shared subscription, of which exactly one must get each message.
        case member
        /// Has a will, and a session that ends after a while or at once.
        case mortal
        /// Subscribes and unsubscribes, starts anew at times.
        case churner

        /// Must have everything, unless the broker says that it has dropped it.
        var isConstant: Bool { self == .keeper || self == .member }
    }

    static let topicCount = 40
    static let groupCount = 3

    let index: Int
    let kind: Kind
    let version: ProtocolVersion
    /// Subscribed to when there is no session.
    let filters: [String]
    let receiveMaximum: UInt16
    /// One of them holds for a connection. Bytes; 0 for no limit.
    let maximumPacketSizes: [UInt32]
    /// Topic aliases that it takes.
    let topicAliasMaximum: UInt16
    /// Uses as many topic aliases as it may.
    let usesAliases: Bool
    /// Seconds that the session outlives a connection.
    let expiry: UInt32
    let keepAlive: UInt16
    /// Reads only now and then.
    let isSlow: Bool

    init(index: Int, random: inout SeededRandom) {
        self.index = index
        version = ProtocolVersion.allCases[random.below(3)]
        let isV5 = version == .v5
        isSlow = random.once(in: 10)
        receiveMaximum = isV5 ? [1, 2, 10, .max][random.below(4)] : .max
        keepAlive = [0, 0, 5, 20][random.below(4)]
        topicAliasMaximum = isV5 ? [0, 1, 5][random.below(3)] : 0
        usesAliases = isV5 && random.once(in: 2)
        switch index % 10 {
        case 0...2:
            kind = .keeper
            filters = (0...random.below(3)).map { _ in Self.filter(&random) }
            expiry = .max
            maximumPacketSizes = [isV5 && random.once(in: 4) ? 90 : 0]
        case 3:
            // Gets nothing with QoS 0, so that what it is said to have lost is just that.
            kind = .keeper
            filters = [random.once(in: 2) ? "q/#" : "q/\(random.below(Self.topicCount))"]
            expiry = .max
            maximumPacketSizes = isV5 ? [0, 90, 60] : [0]
        case 4, 5:
            kind = .member
            filters = ["$share/g\(random.below(Self.groupCount))/s/#"]
            expiry = .max
            maximumPacketSizes = [0]
        case 6, 7:
            kind = .mortal
            filters = [Self.filter(&random)]
            expiry = isV5 ? [0, 3, 20, .max][random.below(4)] : [0, .max][random.below(2)]
            maximumPacketSizes = [0]
        default:
            kind = .churner
            filters = []
            expiry = isV5 ? [0, 10, .max][random.below(3)] : [0, .max][random.below(2)]
            maximumPacketSizes = [isV5 && random.once(in: 3) ? 120 : 0]
        }
    }

    var clientID: String { "c\(index)" }
    var isV5: Bool { version == .v5 }
    /// Whether it starts with a session if it has one.
    var keepsSession: Bool { expiry > 0 }

    /// Mostly one topic, so that a message goes to a few clients only.
    static func filter(_ random: inout SeededRandom) -> String {
        switch random.below(12) {
        case 0: "t/#"
        case 1: "r/+"
        case 2: "+/\(random.below(topicCount))"
        case 3: "w/#"
        case 4: "r/\(random.below(topicCount))"
        case 5: "h/+"
        default: "t/\(random.below(topicCount))"
        }
    }
}
