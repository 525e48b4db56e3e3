/// A message of a device, with what is known of its sender.
public struct DeviceMessage: Hashable, Sendable {
    public var topic: String
    public var payload: [UInt8]
    /// Whether the message had the RETAIN flag.
    public var isRetained: Bool
    /// The user name of the connection, for conventions in which the topic does not name the device.
    public var userName: String?
    /// The client identifier, if the client chose it itself.
    public var clientID: String?

    public init(
        topic: String, payload: [UInt8], isRetained: Bool = false, userName: String? = nil, clientID: String? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.userName = userName
        self.clientID = clientID
    }
}

/// A message taken apart once, for all the profiles that look at it.
struct ForeignMessage {
    /// A topic with more levels is nobody's.
    static let mostLevels = 32
    /// A longer payload is read by no profile.
    static let longestPayload = 65_536

    let topic: String
    /// The levels of the topic; a leading slash makes no level.
    let levels: [String]
    let payload: [UInt8]
    /// The payload as text without the blanks around it, if it is short enough to be a word or a number.
    let text: String
    /// The payload as JSON, if it is an object or an array.
    let json: JSONValue?
    let userName: String?
    let clientID: String?

    /// `nil` if no profile can read such a message.
    init?(_ message: DeviceMessage) {
        guard message.payload.count <= ForeignMessage.longestPayload else { return nil }
        var levels = message.topic.split(
            separator: "/", maxSplits: ForeignMessage.mostLevels + 1, omittingEmptySubsequences: false
        ).map(String.init)
        if levels.first?.isEmpty == true { levels.removeFirst() }
        guard (1...ForeignMessage.mostLevels).contains(levels.count) else { return nil }
        self.topic = message.topic
        self.levels = levels
        payload = message.payload
        userName = message.userName
        clientID = message.clientID
        let body = message.payload.drop { $0.isBlank }
        if body.first == UInt8(ascii: "{") || body.first == UInt8(ascii: "[") {
            json = JSONReader.read(message.payload)
        } else {
            json = nil
        }
        let end = body.lastIndex { !$0.isBlank }.map { $0 + 1 } ?? body.startIndex
        text = body[..<end].count <= 256 ? String(decoding: body[..<end], as: UTF8.self) : ""
    }

    /// The text as one lower-case word.
    var word: String { text.lowercased() }

    var last: String { levels[levels.count - 1] }

    /// The level `distance` before the last one, empty if there is none.
    func fromEnd(_ distance: Int) -> String {
        let index = levels.count - 1 - distance
        return index >= 0 ? levels[index] : ""
    }

    /// The topic without its last `count` levels, as the device wrote it (with a leading slash if it has one).
    func prefix(without count: Int) -> String {
        var rest = topic[...]
        for _ in 0..<count {
            guard let slash = rest.lastIndex(of: "/") else { return "" }
            rest = rest[..<slash]
        }
        return String(rest)
    }
}
