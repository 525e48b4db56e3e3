import BrokerStore
import Logging
import ServiceLifecycle
import Web

/// Opens `broker.db`, and says what is wrong with it.
enum BrokerPersistence {
    /// The store in a folder that this process owns. Throws a ``Failure`` if there can be none.
    static func open(in folder: DataFolder) throws -> BrokerStore {
        let logger = Logger(label: "broker-store")
        do {
            let store = try BrokerStore.open(directory: folder.path, logger: logger)
            if let setAside = store.setAside {
                logger.error(
                    "broker.db could not be used; the broker begins without sessions and retained messages",
                    metadata: ["reason": "\(setAside.reason)", "kept_as": "\(setAside.path)"])
            }
            return store
        } catch { throw Failure("the broker's store can't be opened: \(error)") }
    }
}

/// Closes the broker's store when every other service has stopped.
struct BrokerStoreService: Service {
    let store: BrokerStore

    func run() async throws {
        try? await gracefulShutdown()
        await store.close()
    }
}

extension ServiceStatus.Check {
    /// Whether the broker keeps what it acknowledges. A file that was set aside does not keep the service from its work,
    /// but someone should know.
    init(brokerStore store: BrokerStore?) {
        guard let store else {
            self.init(name: "broker_store", isPassing: true, detail: "off: sessions are kept in memory")
            return
        }
        let setAside = store.setAside.map { "broker.db could not be used and is kept as \($0.path): \($0.reason)" }
        self.init(name: "broker_store", isPassing: store.failure == nil, detail: store.failure ?? setAside)
    }
}
