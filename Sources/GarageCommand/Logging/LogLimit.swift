import Logging
import Synchronization

/// The budget of all loggers together.
final class LogLimit: Sendable {
    private let budget = Mutex(LogBudget())

    /// Whether the line is to be written. Lines that are about no client always are, and so are those that only somebody
    /// who looks for a mistake has asked for.
    func admits(_ event: LogEvent, label: String) -> Bool {
        guard event.level > .debug, let client = Self.client(of: event) else { return true }
        return budget.withLock {
            $0.admit(label: label, message: "\(event.message)", client: client, at: ContinuousClock.now)
        }
    }

    /// Says what was left out until now, as far as its time is over.
    func tellOmissions() {
        for omission in budget.withLock({ $0.omissions(at: ContinuousClock.now) }) {
            var metadata: Logger.Metadata = ["lines": "\(omission.count)", "like": "\(omission.message)"]
            metadata["client"] = omission.client.map { "\($0)" }
            Logger(label: omission.label).notice("more of the same were left out", metadata: metadata)
        }
    }

    /// The client identifier, or else the address without its port, which is another for every connection.
    private static func client(of event: LogEvent) -> String? {
        if let clientID = event.metadata?["client_id"].map({ "\($0)" }), !clientID.isEmpty { return clientID }
        guard let address = event.metadata?["address"].map({ "\($0)" }) else { return nil }
        guard let colon = address.lastIndex(of: ":") else { return address }
        return String(address[..<colon])
    }
}
