import Foundation
import Logging
import MQTTBridge

/// Keeps what a bridge has subscribed to at the other broker in a file of the data folder.
struct BridgeSubscriptions: SubscriptionMemory {
    private struct Content: Codable {
        var format = BridgeSubscriptions.format
        var filters: [String]
    }

    private struct Version: Decodable {
        var format: Int
    }

    /// Which file this version writes; it reads those up to it.
    private static let format = 1

    private let file: URL
    private let logger: Logger

    /// Throws a ``Failure`` if the file can't be read or was written by a newer version: a bridge that begins without it
    /// would leave subscriptions behind that nobody wants any longer.
    init(bridge name: String, folder: String, logger: Logger) throws {
        file = URL(fileURLWithPath: folder).appendingPathComponent("bridge-\(name).json")
        self.logger = logger
        _ = try read()
    }

    func filters() -> Set<String> { (try? read()) ?? [] }

    func keep(_ filters: Set<String>) {
        guard filters != self.filters() else { return }
        do {
            try JSONEncoder().encode(Content(filters: filters.sorted())).write(to: file, options: .atomic)
        } catch {
            logger.warning(
                "what a bridge has subscribed to can't be kept; a subscription that is taken away later may stay",
                metadata: ["reason": "\(error)"])
        }
    }

    /// None if there is no file yet.
    private func read() throws -> Set<String> {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        guard let data = try? Data(contentsOf: file) else { throw Failure("'\(file.path)' can't be read") }
        let decoder = JSONDecoder()
        if let found = try? decoder.decode(Version.self, from: data).format, found > Self.format {
            throw Failure(
                """
                '\(file.path)' has format \(found), written by a newer version; this one reads up to format \
                \(Self.format). Install the newer version again, or move the file away: subscriptions at the other \
                broker that are not configured any longer then stay there
                """)
        }
        if let content = try? decoder.decode(Content.self, from: data) { return Set(content.filters) }
        throw Failure(
            """
            '\(file.path)' is not a list of a bridge's subscriptions. Move it away: subscriptions at the other broker that \
            are not configured any longer then stay there
            """)
    }
}
