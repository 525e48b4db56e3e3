/// The ways in which a fleet can misbehave, as real devices do. Off unless asked for; seeded like everything else.
public struct Misbehaviour: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Connections break without a DISCONNECT now and then.
    public static let dropConnections = Misbehaviour(rawValue: 1 << 0)
    /// Messages are sent two or three times.
    public static let repeatMessages = Misbehaviour(rawValue: 1 << 1)
    /// Sensors report `nan` or `null`.
    public static let sendNaN = Misbehaviour(rawValue: 1 << 2)
    /// Devices report values out of range, unknown words, half JSON and bytes that are no text.
    public static let malformedValues = Misbehaviour(rawValue: 1 << 3)
    /// Devices publish several times a second on topics that nothing maps.
    public static let floodUnmapped = Misbehaviour(rawValue: 1 << 4)
    /// Something stands in the way of closing gates; they report it, open again and try later.
    public static let obstructGates = Misbehaviour(rawValue: 1 << 5)

    /// Everything at once.
    public static let all: Misbehaviour = [
        .dropConnections, .repeatMessages, .sendNaN, .malformedValues, .floodUnmapped, .obstructGates,
    ]

    /// The word of each way on the command line.
    public static let words: [(word: String, misbehaviour: Misbehaviour)] = [
        ("drop-connections", .dropConnections), ("repeat-messages", .repeatMessages), ("send-nan", .sendNaN),
        ("malformed-values", .malformedValues), ("flood-unmapped", .floodUnmapped), ("obstruct-gates", .obstructGates),
        ("all", .all),
    ]

    /// The misbehaviour with this word, or `nil` if there is none.
    public init?(word: String) {
        guard let found = Misbehaviour.words.first(where: { $0.word == word }) else { return nil }
        self = found.misbehaviour
    }
}
