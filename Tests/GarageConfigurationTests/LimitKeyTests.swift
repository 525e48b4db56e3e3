import Foundation
import GarageConfiguration
import Testing

@Suite("Each limit")
struct LimitKeyTests {
    /// Those that are numbers; lists of addresses have no range.
    private static let keys = Key.allCases.filter {
        $0.isLimit && $0 != .limitExemptAddresses && $0 != .limitHTTPExemptAddresses
    }

    /// Loads from a file of which the key has the last line.
    private func load(_ key: Key, inFile value: String) async throws -> ServiceConfiguration {
        let parts = key.rawValue.split(separator: ".")
        let lines = parts.enumerated().map { String(repeating: "  ", count: $0.offset) + $0.element + ":" }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data((lines.joined(separator: "\n") + " \(value)\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await ConfigurationLoader(file: file.path, environment: [:], flags: [:]).load()
    }

    @Test("Can be set by file, environment and flag", arguments: keys)
    func sources(_ key: Key) async throws {
        // Each takes one of these, and none has it as its default.
        var value = ""
        var fromFile = ServiceConfiguration()
        for candidate in ["1", "7", "1500"] where fromFile == ServiceConfiguration() {
            value = candidate
            fromFile = (try? await load(key, inFile: candidate)) ?? ServiceConfiguration()
        }
        #expect(fromFile != ServiceConfiguration())
        let environment = [key.environmentName: value]
        #expect(try await ConfigurationLoader(file: nil, environment: environment, flags: [:]).load() == fromFile)
        #expect(try await ConfigurationLoader(file: nil, environment: [:], flags: [key: value]).load() == fromFile)
    }

    @Test(
        "Is refused out of range, with its line and name",
        arguments: keys, ["-1", "9999999999999", "99999999999999999999", "many", "1.5"])
    func range(_ key: Key, _ value: String) async throws {
        let error = await #expect(throws: ConfigurationError.self) { try await load(key, inFile: value) }
        let lines = key.rawValue.split(separator: ".").count
        let text = "\(try #require(error))"
        #expect(text.hasPrefix("\(key.rawValue) in ") && text.contains(".yaml:\(lines) is '\(value)'; it takes"))
    }
}
