import DequeModule
import EventLog
import GarageDomain

/// Knows the latest QoS 1 and 2 publishes of each session, so that one that comes again because its acknowledgement was
/// lost is told from a new one that looks the same (MQTT 5.0 section 4.4).
///
/// A publish is known by session, packet identifier, topic and payload, and only one with the DUP flag can be a resend:
/// without it, the client has had the acknowledgement of the one before and uses the identifier anew.
struct ResendBook: Sendable {
    enum Verdict: Equatable, Sendable {
        case new(MessageID)
        /// Taken before; all that is owed is the acknowledgement.
        case resent(MessageID)
    }

    private struct Known {
        var id: MessageID
        var ordinal: UInt64
    }

    private struct Client {
        let id: String
        /// By packet identifier, the last message with it.
        var messages: [UInt16: Known] = [:]
        /// The things whose state was told anew by a resend that was not known: further resends about them must be taken
        /// anew as well, so that the last one in the client's order prevails.
        var retold: Set<Subject> = []
        /// Messages up to this one are of a session that has ended.
        var sessionStart: UInt64 = 0
        /// The time of the latest id, and the marks of all ids with it: two ids never have both in common.
        var latest: Int64 = .min
        var marks: Set<MessageMark> = []

        mutating func id(for mark: MessageMark, at now: Int64) -> MessageID {
            // A clock that jumps back by more is followed: ids would otherwise pile up in one millisecond.
            var time = latest > now && latest - now < 1000 ? latest : now
            if time == latest, marks.contains(mark) { time += 1 }
            if time != latest {
                latest = time
                marks.removeAll(keepingCapacity: true)
            }
            marks.insert(mark)
            return MessageID(mark: mark, milliseconds: time)
        }
    }

    /// The messages that are remembered, of all clients together.
    static let capacity = 65_536

    private let capacity: Int
    /// Where each client stands in `clients`: looked up once for a message, and never for those that are forgotten.
    private var places: [String: Int] = [:]
    private var clients: [Client] = []
    private var freePlaces: [Int] = []
    /// What is forgotten next, oldest first.
    private var order: Deque<(place: Int, packetID: UInt16, ordinal: UInt64)> = []
    private var lastOrdinal: UInt64 = 0

    init(capacity: Int = ResendBook.capacity) { self.capacity = max(capacity, 1) }

    /// How many messages can be recognised.
    var count: Int { clients.reduce(0) { $0 + $1.messages.count } }

    /// Takes a publish in.
    /// - Parameter states: The things whose state it tells, in contrast to readings, each of which stands for itself.
    mutating func take(
        _ mark: MessageMark, from clientID: String, isDuplicate: Bool, states: [Subject], at time: Timestamp
    ) -> Verdict {
        let place = place(of: clientID)
        if isDuplicate {
            if let known = clients[place].messages[mark.packetID], known.id.mark == mark,
                known.ordinal > clients[place].sessionStart, clients[place].retold.isDisjoint(with: states)
            {
                return .resent(known.id)
            }
            clients[place].retold.formUnion(states)
        } else if !states.isEmpty {
            clients[place].retold.subtract(states)
        }
        let id = clients[place].id(for: mark, at: time.microseconds / 1000)
        remember(id, of: place)
        return .new(id)
    }

    /// Learns of a message that the log has an event of, in the order of the log.
    mutating func recall(_ event: EventID, from clientID: String) {
        let id = MessageID(of: event)
        let place = place(of: clientID)
        // Another event of the same message.
        guard clients[place].messages[id.mark.packetID]?.id != id else { return }
        if id.milliseconds > clients[place].latest {
            clients[place].latest = id.milliseconds
            clients[place].marks = []
        }
        if id.milliseconds == clients[place].latest { clients[place].marks.insert(id.mark) }
        remember(id, of: place)
    }

    /// A client's session has ended, and a new one begins: its packet identifiers mean nothing any more.
    mutating func forget(_ clientID: String) {
        guard let place = places[clientID] else { return }
        clients[place].sessionStart = lastOrdinal
        clients[place].retold = []
    }

    private mutating func place(of clientID: String) -> Int {
        if let place = places[clientID] { return place }
        let place = freePlaces.popLast() ?? clients.count
        if place == clients.count {
            clients.append(Client(id: clientID))
        } else {
            clients[place] = Client(id: clientID)
        }
        places[clientID] = place
        return place
    }

    private mutating func remember(_ id: MessageID, of place: Int) {
        lastOrdinal &+= 1
        clients[place].messages[id.mark.packetID] = Known(id: id, ordinal: lastOrdinal)
        order.append((place, id.mark.packetID, lastOrdinal))
        while order.count > capacity, let oldest = order.popFirst() {
            guard clients[oldest.place].messages[oldest.packetID]?.ordinal == oldest.ordinal else { continue }
            clients[oldest.place].messages[oldest.packetID] = nil
            if clients[oldest.place].messages.isEmpty { giveUp(oldest.place) }
        }
    }

    /// Forgets a client of whom no message is remembered.
    private mutating func giveUp(_ place: Int) {
        places[clients[place].id] = nil
        clients[place] = Client(id: "")
        freePlaces.append(place)
    }
}
