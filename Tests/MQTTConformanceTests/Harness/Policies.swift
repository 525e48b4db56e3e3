import Foundation
import MQTTBroker
import MQTTCodec
import SCRAM
import Synchronization

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

/// Keeps every acknowledgement until the test lets it go.
final class HoldingPolicy: BrokerPolicy {
    private let held = Mutex<[HoldTicket]>([])

    /// Takes the tickets of what was published until now.
    func takeTickets() -> [HoldTicket] {
        held.withLock { tickets in
            defer { tickets = [] }
            return tickets
        }
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        guard publish.qos != .atMostOnce else { return .forward }
        let ticket = publish.ticket
        held.withLock { $0.append(ticket) }
        return .hold(retained: false)
    }
}

/// Lets the user `user` with the password `pencil` in by SCRAM-SHA-256, and everyone who names no method.
final class ScramPolicy: BrokerPolicy {
    private final class Exchange: AuthenticationExchange {
        private var server: ScramServer

        init(_ server: ScramServer) { self.server = server }

        func receive(_ data: [UInt8]?) -> AuthenticationStep {
            switch server.receive(data ?? []) {
            case .challenge(let bytes): .challenge(bytes)
            case .accepted(let user, let message): .accepted(Principal(name: user), data: message)
            case .refused: .refused(.notAuthorized)
            }
        }
    }

    private let verifier: ScramVerifier

    init() throws {
        verifier = try ScramVerifier(password: Array("pencil".utf8), salt: Data("sixteen bytes ok".utf8))
    }

    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? {
        guard method == ScramServer.method else { return nil }
        let verifier = verifier
        let nonce = (0..<20).map { _ in UInt8.random(in: .min ... .max) }
        return Exchange(ScramServer(nonce: nonce, secret: [7]) { $0 == "user" || $0 == "other" ? verifier : nil })
    }
}
