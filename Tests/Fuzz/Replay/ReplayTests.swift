import Foundation
import Testing

/// Runs what the fuzzers have found: every input that once went wrong, and the inputs that between them reach the most.
@Suite("What the fuzzers found")
struct ReplayTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// The inputs of a file, one a line in hexadecimal digits.
    private static func inputs(_ file: URL) throws -> [[UInt8]] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            let digits = line.compactMap(\.hexDigitValue)
            try #require(digits.count == line.count && digits.count.isMultiple(of: 2), "\(file.lastPathComponent)")
            return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }
    }

    @Test("nothing that went wrong goes wrong again", arguments: FuzzCase.allCases)
    func kept(_ fuzzed: FuzzCase) throws {
        let folder = Self.folder.appending(path: "Kept/\(fuzzed.rawValue)")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        for file in files where file.pathExtension == "hex" {
            for input in try Self.inputs(file) {
                #expect(fuzzed.run(input) == [], "\(fuzzed.rawValue)/\(file.lastPathComponent)")
            }
        }
    }

    @Test("the corpus runs without a problem", arguments: FuzzCase.allCases)
    func corpus(_ fuzzed: FuzzCase) throws {
        let inputs = try Self.inputs(Self.folder.appending(path: "Corpus/\(fuzzed.rawValue).hex"))
        #expect(!inputs.isEmpty)
        for (line, input) in inputs.enumerated() {
            #expect(fuzzed.run(input) == [], "\(fuzzed.rawValue).hex, line \(line + 1)")
        }
    }
}
