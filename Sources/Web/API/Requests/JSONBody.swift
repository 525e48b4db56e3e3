import FoundationEssentials
import Hummingbird
import NIOCore

/// The JSON object in a request's body, read strictly: a member of another type, or one that nobody took, is an error.
struct JSONBody {
    private enum Value: Decodable {
        case string(String)
        case number(Double)
        case flag(Bool)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .string(text)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else {
                self = .other
            }
        }
    }

    private let members: [String: Value]
    private var taken: Set<String> = []
    private var errors: [Problem.Detail] = []

    /// Reads the body of a request that no page of another site can have sent in a visitor's name.
    static func read(_ request: Request) async throws -> JSONBody {
        guard OriginCheck.isOwn(request) else {
            throw Problem(
                status: .forbidden, type: "foreign-origin", title: "The request comes from a page of another site"
            )
        }
        // A page of another site can send a form or plain text without being asked, but not this type.
        let type = request.headers[.contentType]?.split(separator: ";").first.map {
            $0.filter { $0 != " " }.lowercased()
        }
        guard type == "application/json" else {
            throw Problem(status: .unsupportedMediaType, detail: "Content-Type must be application/json.")
        }
        let buffer = try await request.body.collected()
        do {
            return JSONBody(
                members: try JSONDecoder().decode([String: Value].self, from: Data(buffer.readableBytesView)))
        } catch {
            throw Problem(status: .badRequest, type: "invalid-json", title: "The request body is not a JSON object")
        }
    }

    private init(members: [String: Value]) { self.members = members }

    /// A string of at most `limit` characters, of 8 bytes on average, since a character may bear any number of accents;
    /// `nil` if there is none or it was noted as an error.
    mutating func text(_ name: String, limit: Int) -> String? {
        taken.insert(name)
        switch members[name] {
        case nil: return nil
        case .string(let text) where !text.isEmpty && text.utf8.count <= 8 * limit && text.count <= limit: return text
        default:
            note(name, "Must be a text of 1 to \(limit) characters.")
            return nil
        }
    }

    mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
        taken.insert(name)
        switch members[name] {
        case nil: return nil
        case .number(let number):
            if let value = Int(exactly: number), range.contains(value) { return value }
        default: break
        }
        note(name, "Must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        return nil
    }

    mutating func flag(_ name: String) -> Bool? {
        taken.insert(name)
        switch members[name] {
        case nil: return nil
        case .flag(let flag): return flag
        default:
            note(name, "Must be true or false.")
            return nil
        }
    }

    /// Any finite number.
    mutating func decimal(_ name: String) -> Double? {
        taken.insert(name)
        switch members[name] {
        case nil: return nil
        case .number(let number) where number.isFinite: return number
        default:
            note(name, "Must be a number.")
            return nil
        }
    }

    mutating func require<Value>(_ name: String, _ value: Value?, _ text: String) -> Value? {
        if value == nil, !errors.contains(where: { $0.isAbout(name) }) { note(name, text) }
        return value
    }

    mutating func note(_ name: String, _ text: String) {
        let escaped = name.replacing("~", with: "~0").replacing("/", with: "~1")
        errors.append(Problem.Detail(place: .pointer("/" + escaped), text: text))
    }

    /// Throws a problem with every error noted, and with every member that nobody took.
    mutating func end() throws {
        for name in members.keys.sorted() where !taken.contains(name) { note(name, "There is no such member.") }
        if !errors.isEmpty { throw Problem.body(errors) }
    }
}

extension Problem.Detail {
    fileprivate func isAbout(_ member: String) -> Bool {
        if case .pointer(let pointer) = place { return pointer == "/" + member }
        return false
    }
}
