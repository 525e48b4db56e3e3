import Foundation
import Logging
import MQTTBridge

/// Keeps what a bridge has subscribed to at the other broker in a file of the data folder.
struct BridgeSubscriptions: SubscriptionMemory {
    private let file: URL
    private let logger: Logger

    init(bridge name: String, folder: String, logger: Logger) {
        file = URL(fileURLWithPath: folder).appendingPathComponent("bridge-\(name).json")
        self.logger = logger
    }

    func filters() -> Set<String> {
        guard let data = try? Data(contentsOf: file) else { return [] }
        return (try? JSONDecoder().decode(Set<String>.self, from: data)) ?? []
    }

    func keep(_ filters: Set<String>) {
        guard filters != self.filters() else { return }
        do {
            try JSONEncoder().encode(filters.sorted()).write(to: file, options: .atomic)
        } catch {
            logger.warning(
                "what a bridge has subscribed to can't be kept; a subscription that is taken away later may stay",
                metadata: ["reason": "\(error)"])
        }
    }
}
