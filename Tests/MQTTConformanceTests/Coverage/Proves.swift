import Synchronization
import Testing

/// Names the statements of the specification that a test proves: `MQTT-3.1.0-1` for MQTT 5.0, `MQTT311-3.1.0-1` for
/// MQTT 3.1.1.
///
/// Every test of a run announces itself before the first one is carried out, so that the coverage test sees them all.
struct Proves: TestTrait {
    private static let registry = Mutex<[String: Set<String>]>([:])

    let statements: [String]

    func prepare(for test: Test) async throws {
        let name = "\(test.id)".split(separator: "/").prefix(2).joined(separator: "/")
        Self.registry.withLock { registry in
            for statement in statements { registry[statement, default: []].insert(name) }
        }
    }

    /// The names of the tests for each statement.
    static var tests: [String: [String]] {
        registry.withLock { $0.mapValues { $0.sorted() } }
    }
}

extension Trait where Self == Proves {
    static func proves(_ statements: String...) -> Proves { Proves(statements: statements) }

    static func proves(_ statements: [String]) -> Proves { Proves(statements: statements) }
}
