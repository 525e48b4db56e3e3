import MQTTCodec
import NIOCore
import Synchronization

extension Shard {
    /// Takes a new connection, or `nil` if there are too many.
    mutating func open(
        remoteAddress: String, listener: String, isLenient: Bool, accepted: UInt64, _ now: UInt64
    ) -> ConnectionID? {
        let others = hub.connections.wrappingAdd(1, ordering: .relaxed).oldValue
        guard others < limits.maximumConnections, !isShuttingDown else {
            hub.connections.wrappingSubtract(1, ordering: .relaxed)
            turnAway(now) { remoteAddress }
            return nil
        }
        hub.peakConnections.max(others + 1, ordering: .relaxed)
        let connection = connections.insert { [pool, limits] slot, generation in
            Connection(
                id: ConnectionID(slot: slot, generation: generation), remoteAddress: remoteAddress, listener: listener,
                offer: Offer(limits), outbox: RawBytes(pool: pool), now: now)
        }
        connection.pointee.isLenient = isLenient
        statistics.connectionsOpened &+= 1
        setTimer(.connectTimeout, for: connection, at: accepted + nanoseconds(limits.connectTimeout))
        return connection.pointee.id
    }

    /// Counts a connection that is closed at once as there are too many. The policy hears of one in a second: a flood of
    /// them must cost next to nothing.
    mutating func turnAway(_ now: UInt64, _ remoteAddress: () -> String) {
        statistics.connectionsRefused &+= 1
        if !isShuttingDown { count(.connections) }
        guard now >= nextTurnAwayNotice else { return }
        nextTurnAwayNotice = now &+ 1_000_000_000
        policy.observe(.refused(address: remoteAddress(), clientID: "", reason: "too many connections"))
    }

    mutating func handleConnect(
        _ connection: ConnectionPointer, _ packet: UnsafeRawBufferPointer, _ now: UInt64
    ) throws(DecodeError) {
        statistics.connectsReceived &+= 1
        let announced = Connect.announcedVersion(packet)
        if let announced { setVersion(connection, announced) }
        let decoded: Packet
        do {
            decoded = try Packet.decode(packet, version: announced ?? .v5)
        } catch {
            refuseConnect(connection, error.reasonCode, detail: error.description, isV5: announced == .v5, now)
            return
        }
        guard case .connect(let connect) = decoded else { return }
        setVersion(connection, connect.version)
        if let reference = limits.serverReference, hub.isDraining.load(ordering: .relaxed) {
            refuseConnect(
                connection, .useAnotherServer, detail: "sent to \(reference)", isV5: connect.version == .v5, now)
            return
        }
        if let (reason, detail) = connect.will.flatMap({ refusal(of: $0) }) {
            refuseConnect(connection, reason, detail: detail, isV5: connect.version == .v5, now)
            return
        }
        var clientID = connect.clientID
        let isAssigned = clientID.isEmpty
        if isAssigned {
            // [MQTT-3.1.3-6] and, for MQTT 3.1.1, [MQTT-3.1.3-8] of that version.
            let mayBeEmpty =
                connect.version == .v5 || (connect.version == .v3_1_1 && connect.cleanStart)
            guard mayBeEmpty else {
                refuseConnect(
                    connection, .clientIdentifierNotValid, detail: "an empty client identifier", isV5: false, now)
                return
            }
            clientID = assignedClientID()
        }
        authenticate(connection, connect, clientID: clientID, isAssigned: isAssigned, now)
    }

    private mutating func authenticate(
        _ connection: ConnectionPointer, _ connect: Connect, clientID: String, isAssigned: Bool, _ now: UInt64
    ) {
        let request = ConnectRequest(
            clientID: clientID, userName: connect.userName,
            password: connect.password.map { Array($0.readableBytesView) },
            will: connect.will.map {
                ConnectRequest.Will(
                    topic: $0.topic, payload: Array($0.payload.readableBytesView), qos: $0.qos, retain: $0.retain)
            },
            cleanStart: connect.cleanStart, version: connect.version, keepAlive: connect.keepAlive,
            remoteAddress: connection.pointee.remoteAddress, listener: connection.pointee.listener, shard: index,
            certificateIdentity: connection.pointee.certificateIdentity)
        if let method = connect.properties.authenticationMethod {
            beginLogin(connection, method: method, request, connect, isAssigned: isAssigned, now)
            return
        }
        switch policy.authenticate(request) {
        case .refused(let reason):
            observeRefusal(of: request, reason)
            refuseConnect(
                connection, reason.isError ? reason : .notAuthorized, detail: "not let in (\(reason))",
                clientID: clientID, isV5: connect.version == .v5, now)
        case .accepted(let principal): accept(connection, connect, principal, clientID: clientID, isAssigned, now)
        }
    }

    func observeRefusal(of request: ConnectRequest, _ reason: ReasonCode) {
        policy.observe(
            .refusedLogin(
                clientID: request.clientID, userName: request.userName, address: request.remoteAddress, reason: reason))
    }

    /// The client is who it says: its session comes next.
    mutating func accept(
        _ connection: ConnectionPointer, _ connect: Connect, _ principal: Principal, clientID: String,
        _ isAssigned: Bool, _ now: UInt64
    ) {
        let keepAlive = self.keepAlive(wanted: connect.keepAlive, version: connect.version)
        let context = ClientContext(
            clientID: clientID, principal: principal, userName: connect.userName,
            remoteAddress: connection.pointee.remoteAddress, listener: connection.pointee.listener,
            version: connect.version, keepAlive: keepAlive, cleanStart: connect.cleanStart, shard: index,
            hasAssignedID: isAssigned, connectedAt: now)
        accept(connection, PendingConnect(connect: connect, context: context, isAssigned: isAssigned), now)
    }

    /// Answers an accepted CONNECT and sends what has waited for the client.
    mutating func welcome(
        _ connection: ConnectionPointer, _ session: SessionPointer, _ pending: PendingConnect, isPresent: Bool,
        _ now: UInt64
    ) {
        let connect = pending.connect
        let context = pending.context
        let expiry = sessionExpiry(of: connect)
        session.pointee.expiryInterval = expiry
        session.pointee.owner = context.principal.owner
        session.pointee.terms = context.principal.terms
        connection.pointee.phase = .active
        connection.pointee.offer = Offer(limits)
        connection.pointee.session = session
        connection.pointee.context = context
        if context.keepAlive > 0 {
            connection.pointee.keepAliveTimeout = UInt64(context.keepAlive) * 1_500_000_000
            setTimer(.keepAlive, for: connection, at: now + connection.pointee.keepAliveTimeout)
        }
        let properties = connect.properties
        connection.pointee.maximumPacketSize = properties.maximumPacketSize.map(Int.init) ?? .max
        connection.pointee.sendQuota = Int(min(properties.receiveMaximum ?? .max, limits.sendMaximum))
        connection.pointee.sentAliases.maximum = Int(min(properties.topicAliasMaximum ?? 0, limits.topicAliasMaximum))
        connection.pointee.takesAliases = connection.pointee.sentAliases.maximum > 0
        if let will = connect.will {
            connection.pointee.will = PendingWill(
                will: will, delay: will.properties.willDelayInterval ?? 0, context: context)
        }
        persist(session)
        var answer = Properties()
        if connect.version == .v5 {
            if expiry != properties.sessionExpiryInterval ?? 0 { answer.append(.sessionExpiryInterval(expiry)) }
            if pending.isAssigned { answer.append(.assignedClientIdentifier(context.clientID)) }
            if context.keepAlive != connect.keepAlive { answer.append(.serverKeepAlive(context.keepAlive)) }
            for property in limits.advertised { answer.append(property) }
            if properties.requestResponseInformation == true, let information = limits.responseInformation {
                answer.append(.responseInformation(information.replacing("%c", with: context.clientID)))
            }
            if let login = connection.pointee.login {
                for property in login.properties(login.finalData) { answer.append(property) }
                login.finalData = nil
            }
        }
        let connack = Connack(sessionPresent: isPresent, reasonCode: .success, properties: answer)
        if !isPresent { policy.sessionBegan(context) }
        policy.observe(.connected(context))
        guard send(.connack(connack), to: connection) else {
            // Nothing else may come before the CONNACK [MQTT-3.2.0-1].
            let cause = DisconnectCause.protocolError(
                .packetTooLarge, detail: "the client does not take a CONNACK this large")
            close(connection, reason: .packetTooLarge, cause: cause, saysWhy: false, now)
            return
        }
        drain(session, now)
    }

    /// Joins the connection with the client's session, which is made if there is none to go on with.
    mutating func attach(
        _ connection: ConnectionPointer, _ pending: PendingConnect, _ now: UInt64
    ) -> (SessionPointer, isPresent: Bool) {
        let key = ExactText(pending.context.clientID)
        claiming = key
        let hasLostRights = !pending.connect.cleanStart && hasLostRights(key, pending.context)
        leave(
            key, endsSession: pending.connect.cleanStart || hasLostRights,
            because: hasLostRights ? .rightsLost : .replaced, now)
        claiming = nil
        if let session = sessionsByClientID[key] {
            session.pointee.connection = connection
            session.pointee.expiresAt = 0
            tellPresence(session)
            session.pointee.will = nil
            return (session, true)
        }
        let session = sessions.insert { [inflightBytes] slot, generation in
            Session(slot: slot, generation: generation, clientID: key.text, inflightBytes: inflightBytes)
        }
        session.pointee.connection = connection
        sessionsByClientID[key] = session
        return (session, false)
    }

    /// Takes a session off its connection, and ends it if it must not go on or has no expiry interval.
    mutating func leave(
        _ key: ExactText, endsSession: Bool, because cause: SessionEnd = .replaced, _ now: UInt64
    ) {
        guard let session = sessionsByClientID[key] else { return }
        if endsSession {
            // It ends with its connection, and a delayed will is due [MQTT-3.1.3-9].
            session.pointee.expiryInterval = 0
            session.pointee.endCause = cause
        }
        if let connection = session.pointee.connection {
            close(connection, reason: .sessionTakenOver, cause: .takenOver, now)
        } else if endsSession {
            end(session, now)
        }
    }

    private func keepAlive(wanted: UInt16, version: ProtocolVersion) -> UInt16 {
        // Only MQTT 5 has a way to tell the client of another keep-alive.
        guard limits.maximumKeepAlive > 0, version == .v5 else { return wanted }
        return wanted == 0 ? limits.maximumKeepAlive : min(wanted, limits.maximumKeepAlive)
    }

    private func sessionExpiry(of connect: Connect) -> UInt32 {
        let wanted: UInt32 =
            connect.version == .v5
            ? connect.properties.sessionExpiryInterval ?? 0 : connect.cleanStart ? 0 : .max
        return min(wanted, limits.maximumSessionExpiry)
    }

    private func assignedClientID() -> String {
        var name = ""
        repeat {
            name = "auto-" + String(random(), radix: 16) + String(random(), radix: 16)
        } while sessionsByClientID[ExactText(name)] != nil
        return name
    }

    private func setVersion(_ connection: ConnectionPointer, _ version: ProtocolVersion) {
        connection.pointee.version = version
        connection.pointee.isV5 = version == .v5
    }

    /// Answers a CONNECT with a refusal where its version knows one, and closes.
    mutating func refuseConnect(
        _ connection: ConnectionPointer, _ reason: ReasonCode, detail: String, clientID: String = "", isV5: Bool,
        _ now: UInt64
    ) {
        // MQTT 3 has no return code that says that a packet is wrong: it just closes.
        let isSayable: Bool =
            switch reason {
            case .malformedPacket, .protocolError, .topicNameInvalid, .packetTooLarge, .payloadFormatInvalid: isV5
            default: true
            }
        if isSayable {
            if !isV5, connection.pointee.isV5 { setVersion(connection, .v3_1_1) }
            var properties = Properties()
            if isV5, reason == .useAnotherServer, let reference = limits.serverReference {
                properties.append(.serverReference(reference))
            }
            let connack = Connack(sessionPresent: false, reasonCode: reason.inConnack, properties: properties)
            send(.connack(connack), to: connection)
        }
        statistics.connectionsRefused &+= 1
        policy.observe(.refused(address: connection.pointee.remoteAddress, clientID: clientID, reason: detail))
        connection.pointee.phase = .closing
        touch(connection)
    }
}
