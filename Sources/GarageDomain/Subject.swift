/// What an event is about: one thing of one garage, for example the gate `front` of the garage `home`.
public struct Subject: Hashable, Sendable, Comparable {
    /// The kinds of things that a garage has. The raw value is the word used in topics, streams and the API.
    public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
        case gate, spot, sensor, device
        /// The garage as a whole; its name repeats the garage's.
        case garage
    }

    public let garage: Name
    public let kind: Kind
    public let name: Name

    public init(garage: Name, kind: Kind, name: Name) {
        self.garage = garage
        self.kind = kind
        self.name = name
    }

    /// The id used by the HTTP API: `<garage>.<name>`, for example `home.front`.
    public var id: String { "\(garage).\(name)" }

    /// The stream that holds this subject's events: `<kind>/<garage>.<name>`, for example `gate/home.front`.
    public var stream: String {
        // Each event's name is made, so by appending: interpolation costs several times as much.
        var stream = kind.rawValue
        stream += "/"
        stream += garage.text
        stream += "."
        stream += name.text
        return stream
    }

    /// The subject that `stream` names, or `nil` if it is not of the form that `stream` returns.
    public init?(stream: String) {
        // Views read the stream of every event there is: bytes are split many times faster than characters.
        guard let slash = stream.utf8.firstIndex(of: UInt8(ascii: "/")),
            let kind = Kind(rawValue: String(stream[..<slash]))
        else { return nil }
        self.init(kind: kind, id: stream[stream.utf8.index(after: slash)...])
    }

    /// The subject with the API id `<garage>.<name>`, or `nil` if the id is not of that form.
    public init?(kind: Kind, id: String) { self.init(kind: kind, id: id[...]) }

    private init?(kind: Kind, id: Substring) {
        guard let dot = id.utf8.firstIndex(of: UInt8(ascii: ".")), let garage = Name(String(id[..<dot])),
            let name = Name(String(id[id.utf8.index(after: dot)...]))
        else { return nil }
        self.init(garage: garage, kind: kind, name: name)
    }

    public static func < (left: Subject, right: Subject) -> Bool {
        (left.garage, left.kind.rawValue, left.name) < (right.garage, right.kind.rawValue, right.name)
    }
}

/// Written as the stream that it names.
extension Subject: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let subject = Subject(stream: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a stream's name")
        }
        self = subject
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(stream)
    }
}
