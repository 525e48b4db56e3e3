import DeviceProfiles
import EventLog
import GarageDomain
import GarageEvents
import Logging
public import MQTTBroker
public import MQTTCodec
import Synchronization

/// The broker asks Ingest about every client and message.
extension Ingest: BrokerPolicy {
    public func authenticate(_ request: ConnectRequest) -> Authentication {
        if let will = request.will, isForbidden(will) {
            logger.notice(
                "refused a client whose last will is a command",
                metadata: ["client_id": "\(request.clientID)", "topic": "\(will.topic)"])
            return .refused(.notAuthorized)
        }
        return options.gatekeeper.admit(request)
    }

    public func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? {
        if let will = request.will, isForbidden(will) {
            logger.notice(
                "refused a client whose last will is a command",
                metadata: ["client_id": "\(request.clientID)", "topic": "\(will.topic)"])
            return RefusedExchange(.notAuthorized)
        }
        return options.gatekeeper.beginAuthentication(method: method, request)
    }

    public func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? {
        guard client.principal.name != nil, !options.gatekeeper.maySubscribe(filter, client) else { return nil }
        deny("subscribe to \(filter)", to: client)
        return .notAuthorized
    }

    public func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        if publish.client.principal.name != nil {
            let topic = publish.topicName
            guard options.gatekeeper.mayPublish(topic, publish.client) else {
                deny("publish to \(topic)", to: publish.client)
                return .refuse(.notAuthorized)
            }
        }
        let interpretation = options.profiles.interpret(topic: publish.topic, payload: publish.payload)
        // An empty retained message clears the retained one; it says nothing about the thing itself. What the service
        // keeps there is not the client's to clear. On foreign topics it may take an announcement back.
        if publish.retain, publish.payload.isEmpty, Profiles.isGarageTopic(publish.topic) {
            if case .ours = interpretation { return .refuse(.notAuthorized) }
            return .forward
        }
        if publish.retain || publish.isWill, options.foreign.commandPositions.isCommand(publish.topic) {
            // One for a gate of ours is recorded as that gate's rejected command.
            if case .command(let gate, let text) = interpretation { return command(text, for: gate, in: publish) }
            refuse(publish.isWill ? "last will" : "retained message", on: publish.topicName, of: publish.client)
            return .refuse(.notAuthorized)
        }
        switch interpretation {
        case .observations(let observations):
            claim(observations, for: publish.client)
            return observe(observations, readBy: "native", in: publish, keepsState: true)
        case .command(let gate, let text): return command(text, for: gate, in: publish)
        case .nothing: return .forward
        case .ours:
            logger.notice(
                "refused a message on a topic that only the service publishes",
                metadata: ["client_id": "\(publish.client.clientID)", "topic": "\(publish.topicName)"])
            return .refuse(.notAuthorized)
        case .unmapped: return inspectForeign(publish)
        }
    }

    /// - Parameters:
    ///   - reader: The profile or rule that read the message.
    ///   - devices: The devices that things belong to which speak through a bridge.
    ///   - keepsState: Whether a gate's state is stored as the topic's retained message although its device did
    ///   not ask for that.
    func observe(
        _ observations: [Observation], readBy reader: String, of devices: [Subject: Subject] = [:],
        in publish: borrowing PublishInspection, keepsState: Bool
    ) -> PublishVerdict {
        let client = publish.client
        var reporter = Reporter(
            clientID: client.clientID, hasOwnID: !client.hasAssignedID && !client.isBridge, isLastWill: publish.isWill)
        let origin = Origin(actor: nil, channel: "device", clientID: client.clientID, trace: TraceContext(publish))
        if observations.isEmpty { return .forward }
        let isHeld = publish.qos != .atMostOnce && !publish.isWill
        let isRetained =
            keepsState && observations.contains { if case .gateState = $0 { true } else { false } }
        var message: MessageID?
        if isHeld {
            switch recognise(publish, observations) {
            case .new(let id): message = id
            case .resent(let id):
                acceptAgain(id, about: observations.map(\.subject), from: origin, ticket: publish.ticket)
                return .hold(retained: false)
            }
        }
        let report =
            publish.topic.count <= ReportTopic.longest ? report(on: publish.topicName, readBy: reader) : nil
        for (index, observation) in observations.enumerated() {
            let isLast = index == observations.count - 1
            if !devices.isEmpty { reporter.deviceName = devices[observation.subject]?.name }
            accept(
                .observed(observation, by: reporter), from: origin,
                message: message.map { EventNumbering(message: $0, observation: index) },
                report: report, ticket: isHeld && isLast ? publish.ticket : nil)
        }
        return isHeld ? .hold(retained: isRetained) : isRetained ? .forwardRetained : .forward
    }

    private func command(_ text: CommandText, for gate: Subject, in publish: borrowing PublishInspection)
        -> PublishVerdict
    {
        let client = publish.client
        let properties = publish.properties
        if let topic = properties.responseTopic, !mayAnswer(on: topic, client) {
            deny("have the answer published on \(topic)", to: client)
            return .refuse(.notAuthorized)
        }
        let now = options.clock()
        let request = CommandRequest(
            gate: gate, text: text, newID: EventID.make(at: now.microseconds).description, receivedAt: now,
            messageExpirySeconds: properties.messageExpiryInterval.map { Int($0) }, isRetained: publish.retain,
            isRedelivered: publish.duplicate,
            isPermitted: !publish.isWill
                && options.gatekeeper.mayMove(gate, client),
            actor: client.principal.name ?? "anonymous", address: client.remoteAddress)
        let reply = properties.responseTopic.map {
            ReplyAddress(topic: $0, correlationData: properties.correlationData)
        }
        let origin = Origin(
            actor: client.principal.name ?? "anonymous", channel: "mqtt", clientID: client.clientID, reply: reply,
            hearsRefusals: client.version == .v5, trace: TraceContext(properties))
        if publish.retain || publish.isWill || publish.qos == .atMostOnce {
            accept(.commandReceived(request), from: origin)
            return publish.retain ? .refuse(.notAuthorized) : .consume(.success)
        }
        accept(.commandReceived(request), from: origin, ticket: publish.ticket)
        return .holdOnly
    }

    /// Whether the result of a client's command may be published on a topic of its choice. The service publishes with its
    /// own rights, so that it must be a topic that says nothing to devices or of them, and that the client may hear.
    private func mayAnswer(on topic: String, _ client: ClientContext) -> Bool {
        if isVolatile(topic: topic) || Profiles.isGarageTopic(topic) || topic.utf8.first == UInt8(ascii: "$") {
            return false
        }
        return client.principal.name == nil || options.gatekeeper.maySubscribe(topic, client)
    }

    /// Records that a client tried to leave a command behind that would move something later.
    private func refuse(_ what: String, on topic: String, of client: ClientContext) {
        deny("\(what) on \(topic)", to: client)
    }

    /// Records that a client was refused something, a limited number of times a minute.
    func deny(_ attempt: String, to client: ClientContext) {
        logger.notice(
            "refused a client", metadata: ["client_id": "\(client.clientID)", "attempt": "\(attempt.prefix(300))"])
        recordRefusal(
            attempt, actor: client.principal.name, clientID: client.clientID, address: client.remoteAddress)
    }

    /// - Parameter clientID: of a client that was let in.
    private func recordRefusal(_ attempt: String, actor: String?, clientID: String?, address: String) {
        guard let text = refusals.withLock({ $0.text(for: attempt, at: options.clock()) }) else { return }
        let garage = Name(nearest: "home")
        let denied = AccessDenied(attempt: text, address: address)
        let event = DomainEvent(Subject(garage: garage, kind: .garage, name: garage), .accessDenied(denied))
        let now = options.clock().microseconds
        let recorded = EventCoding.encode(
            event, id: EventID.make(at: now), time: now,
            metadata: EventMetadata(actor: actor ?? "anonymous", channel: "mqtt", clientID: clientID))
        Task { try? await self.log.append(AppendRequest(events: [recorded])) }
    }

    public var isCongested: Bool { log.isCongested || isCrowded.load(ordering: .relaxed) }

    public func isVolatile(topic: String) -> Bool {
        if options.foreign.commandPositions.isCommand(topic) { return true }
        return switch options.profiles.interpret(topic: topic, payload: []) {
        case .command, .ours: true
        case .observations, .nothing, .unmapped: false
        }
    }

    public func isCommand(topic: String) -> Bool { options.foreign.commandPositions.isCommand(topic) }

    /// A will on a command topic would move a gate when a connection breaks.
    private func isForbidden(_ will: ConnectRequest.Will) -> Bool { isVolatile(topic: will.topic) }

    public func observe(_ event: SessionEvent) {
        switch event {
        case .connected(let client):
            logger.debug(
                "client connected",
                metadata: ["client_id": "\(client.clientID)", "address": "\(client.remoteAddress)"])
            // That a bridge is here says nothing of the devices behind it.
            if client.isBridge { return }
            accept(.clientConnected(client.clientID), from: .device(client))
        case .disconnected(let client, let cause):
            logger.debug("client disconnected", metadata: ["client_id": "\(client.clientID)", "cause": "\(cause)"])
            guard let reason = cause.deviceReason else { return }
            accept(.clientDisconnected(client.clientID, reason: reason), from: .device(client))
        case .sessionEnded(let clientID, let cause, let unacknowledged):
            logger.log(
                level: unacknowledged > 0 && cause == .expired ? .warning : .debug, "session ended",
                metadata: [
                    "client_id": "\(clientID)", "cause": "\(cause)", "unacknowledged": "\(unacknowledged)",
                ])
        case .refused(let address, let clientID, let reason):
            logger.notice(
                "connection closed",
                metadata: ["address": "\(address)", "client_id": "\(clientID)", "reason": "\(reason)"])
        case .refusedLogin(_, let userName, let address, _):
            let name = userName.map {
                options.gatekeeper.canBeName($0) ? "as \($0)" : "with a name that can be nobody's"
            }
            recordRefusal("connect over MQTT \(name ?? "without a name")", actor: nil, clientID: nil, address: address)
        case .refusedTakeover(let client): deny("connect with the client identifier of another user", to: client)
        case .dropped(let clientID, let topic, let count, let reason):
            options.onDrop(clientID, count)
            logger.warning(
                "messages dropped",
                metadata: [
                    "client_id": "\(clientID)", "topic": "\(topic ?? "")", "count": "\(count)",
                    "reason": "\(reason.rawValue)",
                ])
        }
    }
}

extension Origin {
    fileprivate static func device(_ client: ClientContext) -> Origin {
        Origin(actor: nil, channel: "device", clientID: client.clientID)
    }
}

extension ClientContext {
    /// Whether the client fronts another broker, and is no device itself.
    var isBridge: Bool { principal.terms != nil }
}

extension DisconnectCause {
    /// What the end of a connection says about its devices; `nil` if it says nothing.
    fileprivate var deviceReason: DeviceDisconnected.Reason? {
        switch self {
        case .clientDisconnect(let code): code == .disconnectWithWillMessage ? .will : .left
        case .connectionLost, .protocolError: .connectionLost
        case .keepAliveTimeout: .keepAliveTimeout
        case .administrative: .left
        // The client is there, on another connection.
        case .takenOver: nil
        // The next start records it, once for all devices.
        case .serverShutdown: nil
        }
    }
}
