import MQTTBroker
import Synchronization

/// Lets everyone in and remembers who came.
final class RecordingPolicy: BrokerPolicy {
    private let state = Mutex<[ConnectRequest]>([])

    var requests: [ConnectRequest] { state.withLock { $0 } }

    func authenticate(_ request: ConnectRequest) -> Authentication {
        state.withLock { $0.append(request) }
        return .accepted(.anonymous)
    }
}
