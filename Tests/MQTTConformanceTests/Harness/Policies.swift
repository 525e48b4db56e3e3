import MQTTBroker
import MQTTCodec

/// Lets in everyone but the user `stranger`, and refuses messages and filters below `forbidden/`.
final class StrictPolicy: BrokerPolicy {
    /// What a publish below `forbidden/` is answered.
    static let refusal = ReasonCode.notAuthorized

    func authenticate(_ request: ConnectRequest) -> Authentication {
        request.userName == "stranger" ? .refused(.badUserNameOrPassword) : .accepted(.anonymous)
    }

    func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? {
        filter.hasPrefix("forbidden/") ? .notAuthorized : nil
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        publish.topicName.hasPrefix("forbidden/") ? .refuse(Self.refusal) : .forward
    }
}
