import MQTTCodec
import NIOCore

/// Enhanced authentication (MQTT 5.0 section 4.12): CONNECT or AUTH in, AUTH, CONNACK or the end out.
extension Shard {
    /// Starts the method that a CONNECT names. Nothing but AUTH and DISCONNECT may come until it has ended.
    mutating func beginLogin(
        _ connection: ConnectionPointer, method: String, _ request: ConnectRequest, _ connect: Connect,
        isAssigned: Bool, _ now: UInt64
    ) {
        guard let exchange = policy.beginAuthentication(method: method, request) else {
            refuseConnect(
                connection, .badAuthenticationMethod, detail: "an authentication method that is not offered",
                clientID: request.clientID, isV5: true, now)
            return
        }
        let login = EnhancedLogin(
            method: method, request: request, exchange: exchange, connect: connect, isAssigned: isAssigned)
        connection.pointee.login = login
        connection.pointee.phase = .authenticating
        // The CONNACK may not be larger than this either [MQTT-3.1.2-24].
        connection.pointee.maximumPacketSize = connect.properties.maximumPacketSize.map(Int.init) ?? .max
        let data = connect.properties.authenticationData.map { Array($0.readableBytesView) }
        advance(connection, login, exchange.receive(data), now)
    }

    mutating func handleAuth(_ connection: ConnectionPointer, _ auth: Auth, _ now: UInt64) throws(DecodeError) {
        guard let login = connection.pointee.login else {
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-4.12.0-7",
                detail: "an AUTH packet without an authentication method in CONNECT")
        }
        guard auth.properties.authenticationMethod == login.method else {
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-4.12.0-5", detail: "an AUTH packet with another method")
        }
        let data = auth.properties.authenticationData.map { Array($0.readableBytesView) }
        switch (auth.reasonCode, login.exchange) {
        case (.continueAuthentication, let exchange?):
            advance(connection, login, exchange.receive(data), now)
        case (.reAuthenticate, nil) where connection.pointee.phase == .active:
            guard let exchange = policy.beginAuthentication(method: login.method, login.request) else {
                close(
                    connection, reason: .badAuthenticationMethod,
                    cause: .protocolError(.badAuthenticationMethod, detail: "a method that is no longer offered"), now)
                return
            }
            login.exchange = exchange
            advance(connection, login, exchange.receive(data), now)
        default:
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-4.12.0-3", detail: "an AUTH packet that is out of turn")
        }
    }

    private mutating func advance(
        _ connection: ConnectionPointer, _ login: EnhancedLogin, _ step: AuthenticationStep, _ now: UInt64
    ) {
        switch step {
        case .challenge(let data):
            let auth = Auth(reasonCode: .continueAuthentication, properties: Properties(list: login.properties(data)))
            if !send(.auth(auth), to: connection) { fail(connection, login, .packetTooLarge, now) }
        case .accepted(let principal, let data):
            login.exchange = nil
            if connection.pointee.phase == .active {
                finishAgain(connection, login, principal, data, now)
            } else if let connect = login.connect {
                login.connect = nil
                login.finalData = data
                accept(connection, connect, principal, clientID: login.request.clientID, login.isAssigned, now)
            }
        case .refused(let reason): fail(connection, login, reason.isError ? reason : .notAuthorized, now)
        }
    }

    /// A re-authentication must end with the same principal: what the client has done and may do hangs on it.
    private mutating func finishAgain(
        _ connection: ConnectionPointer, _ login: EnhancedLogin, _ principal: Principal, _ data: [UInt8]?,
        _ now: UInt64
    ) {
        guard connection.pointee.context?.principal == principal else {
            fail(connection, login, .notAuthorized, now)
            return
        }
        let auth = Auth(reasonCode: .success, properties: Properties(list: login.properties(data)))
        if !send(.auth(auth), to: connection) { fail(connection, login, .packetTooLarge, now) }
    }

    private mutating func fail(
        _ connection: ConnectionPointer, _ login: EnhancedLogin, _ reason: ReasonCode, _ now: UInt64
    ) {
        login.exchange = nil
        login.connect = nil
        if reason != .packetTooLarge { observeRefusal(of: login.request, reason) }
        if connection.pointee.phase == .active {
            // [MQTT-4.12.1-2]
            let cause = DisconnectCause.protocolError(reason, detail: "the re-authentication failed")
            policy.observe(
                .refused(
                    address: connection.pointee.remoteAddress, clientID: login.request.clientID,
                    reason: "the re-authentication failed"))
            close(connection, reason: reason, cause: cause, now)
        } else {
            refuseConnect(
                connection, reason, detail: "not let in (\(reason))", clientID: login.request.clientID, isV5: true, now)
        }
    }
}
