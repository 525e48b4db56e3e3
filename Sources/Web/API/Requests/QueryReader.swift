import GarageDomain
import Hummingbird

/// The query parameters of a request, read strictly: each is taken once, and one that nobody took is an error.
struct QueryReader {
    private var values: [(name: String, value: String)]
    private var taken: [String] = []

    init(_ request: Request) throws {
        values = []
        for part in (request.uri.query ?? "").split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try QueryReader.decoded(halves[0], in: halves[0])
            values.append((name, halves.count > 1 ? try QueryReader.decoded(halves[1], in: halves[0]) : ""))
        }
    }

    /// Throws a problem that names the parameters which no call has asked for.
    func end() throws {
        guard let unknown = values.first(where: { !taken.contains($0.name) })?.name else { return }
        let known = taken.isEmpty ? "There are none here." : "There are: \(taken.joined(separator: ", "))."
        throw Problem.parameter(unknown, "There is no such parameter. \(known)")
    }

    /// Every value of a parameter that may stand several times, also as a list with commas.
    mutating func list(_ name: String) throws -> [String] {
        taken.append(name)
        let found = values.filter { $0.name == name }
        guard found.allSatisfy({ !$0.value.isEmpty }) else { throw Problem.parameter(name, "It has no value.") }
        return found.flatMap { $0.value.split(separator: ",").map(String.init) }
    }

    mutating func text(_ name: String) throws -> String? {
        taken.append(name)
        let found = values.filter { $0.name == name }
        guard found.count <= 1 else { throw Problem.parameter(name, "It may stand only once.") }
        guard let value = found.first?.value else { return nil }
        guard !value.isEmpty else { throw Problem.parameter(name, "It has no value.") }
        return value
    }

    mutating func time(_ name: String) throws -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Instant.time(text) else {
            throw Problem.parameter(
                name, "Not an RFC 3339 time such as 2025-03-01T12:00:00Z or 2025-03-01T09:00:00-03:00.")
        }
        return time
    }

    mutating func number(_ name: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let value = Int64(text), range.contains(value) else {
            let limits =
                range.upperBound == .max ? "from \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw Problem.parameter(name, "Not a whole number \(limits).")
        }
        return value
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, _ words: Word.Type
    ) throws -> Word? where Word.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let known = words.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.parameter(name, "Not one of \(known).")
        }
        return word
    }

    /// Decodes `%XX`, and `+` as a space (application/x-www-form-urlencoded).
    private static func decoded(_ text: Substring, in name: Substring) throws -> String {
        guard let decoded = PercentCoding.decode(text, plusIsSpace: true) else {
            throw Problem.parameter(String(name), "Not percent-encoded UTF-8.")
        }
        return decoded
    }
}
