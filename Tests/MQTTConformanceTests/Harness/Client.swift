import MQTTCodec
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A client on a real socket. Everything that the broker sends it is held against `WireRules`.
final class Client: Sendable {
    private struct State {
        var connack: Connack?
        var rules: WireRules
        /// Packets that came while the test waited for another one.
        var aside: [Packet] = []
        var lastPacketID: UInt16 = 100
    }

    let version: ProtocolVersion
    private let channel: any Channel
    private let inbox: Inbox
    private let state: Mutex<State>

    private init(_ channel: any Channel, _ inbox: Inbox, _ version: ProtocolVersion) {
        self.channel = channel
        self.inbox = inbox
        self.version = version
        state = Mutex(State(rules: WireRules(version: version)))
    }

    static func open(port: Int, version: ProtocolVersion) async throws -> Client {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return Client(channel, inbox, version)
    }

    /// The answer to CONNECT.
    var connack: Connack {
        get { state.withLock { $0.connack ?? Connack(sessionPresent: false, reasonCode: .unspecifiedError) } }
        set { state.withLock { $0.connack = newValue } }
    }

    /// A packet identifier not used before.
    func freshPacketID() -> UInt16 {
        state.withLock { state in
            state.lastPacketID += 1
            return state.lastPacketID
        }
    }

    // MARK: Sending

    func send(_ packets: Packet...) async throws {
        var bytes = ByteBuffer()
        for packet in packets {
            if case .connect(let connect) = packet { state.withLock { $0.rules.note(connect) } }
            try packet.encode(into: &bytes, version: version)
        }
        try await channel.writeAndFlush(bytes)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Ends the connection without a word.
    func abort() async {
        try? await channel.close().get()
    }

    /// DISCONNECT, and then waits for the broker to close.
    func disconnect(_ reason: ReasonCode = .normalDisconnection, _ properties: Properties = []) async throws {
        try await send(.disconnect(Disconnect(reasonCode: reason, properties: properties)))
        while try await next() != nil {}
    }

    // MARK: Receiving

    /// The bytes of the next packet; nil once the broker has closed.
    func nextBytes(within time: TimeAmount = .seconds(20)) async throws -> [UInt8]? {
        let frame = try await inbox.take(on: channel.eventLoop, until: .now() + time, RawFrame.take)
        guard let frame else { return nil }
        let violations = state.withLock { $0.rules.check(frame) }
        for violation in violations {
            Issue.record("\(violation): \(Raw.hex(frame.bytes))")
        }
        return frame.bytes
    }

    /// Bytes as they come, whatever they are; nil once the broker has closed.
    func nextChunk(within time: TimeAmount = .seconds(20)) async throws -> [UInt8]? {
        try await inbox.take(on: channel.eventLoop, until: .now() + time) { bytes in
            defer { bytes = [] }
            return bytes.isEmpty ? nil : bytes
        }
    }

    /// The next packet; nil once the broker has closed.
    func next(within time: TimeAmount = .seconds(20)) async throws -> Packet? {
        let aside = state.withLock { $0.aside.isEmpty ? nil : $0.aside.removeFirst() }
        if let aside { return aside }
        guard let bytes = try await nextBytes(within: time) else { return nil }
        return try Packet.decode(ByteBuffer(bytes: bytes), version: version)
    }

    /// The first packet that `match` takes; others stay for `next()`.
    func first<Value>(
        within time: TimeAmount = .seconds(20), _ what: String, sourceLocation: SourceLocation,
        _ match: (Packet) -> Value?
    ) async throws -> Value {
        var passed: [Packet] = []
        defer { state.withLock { $0.aside = passed + $0.aside } }
        while let packet = try await next(within: time) {
            if let value = match(packet) { return value }
            passed.append(packet)
        }
        throw Unexpected("the broker closed instead of sending \(what)", sourceLocation)
    }

    /// The next packet, which must be a PUBLISH. It is not acknowledged.
    func receive(
        within time: TimeAmount = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Publish {
        let packet = try await next(within: time)
        guard case .publish(let publish)? = packet else {
            throw Unexpected("\(String(describing: packet)) came instead of PUBLISH", sourceLocation)
        }
        return publish
    }

    /// Carries the exchange of a received PUBLISH to its end.
    func acknowledge(_ publish: Publish, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        guard let id = publish.packetID else { return }
        guard publish.qos == .exactlyOnce else { return try await send(.puback(Acknowledgement(packetID: id))) }
        try await send(.pubrec(Acknowledgement(packetID: id)))
        try await first("PUBREL \(id)", sourceLocation: sourceLocation) {
            $0 == .pubrel(Acknowledgement(packetID: id)) ? () : nil
        }
        try await send(.pubcomp(Acknowledgement(packetID: id)))
    }

    /// Receives so many messages and acknowledges each; their payloads as text.
    func receiveTexts(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [String] {
        var texts: [String] = []
        for _ in 0..<count {
            let publish = try await receive(sourceLocation: sourceLocation)
            texts.append(publish.text)
            try await acknowledge(publish, sourceLocation: sourceLocation)
        }
        return texts
    }

    // MARK: Exchanges

    /// Subscribes and returns what was granted.
    @discardableResult
    func subscribe(
        _ filter: String, _ qos: QoS = .exactlyOnce, noLocal: Bool = false, retainAsPublished: Bool = false,
        retainHandling: RetainHandling = .send, identifier: UInt32? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ReasonCode {
        let subscription = Subscription(
            filter: filter, qos: qos, noLocal: noLocal, retainAsPublished: retainAsPublished,
            retainHandling: retainHandling)
        let properties: Properties = identifier.map { [.subscriptionIdentifier($0)] } ?? []
        let codes = try await subscribe([subscription], properties, sourceLocation: sourceLocation)
        return codes[0]
    }

    func subscribe(
        _ subscriptions: [Subscription], _ properties: Properties = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [ReasonCode] {
        let id = freshPacketID()
        try await send(.subscribe(Subscribe(packetID: id, subscriptions: subscriptions, properties: properties)))
        return try await first("SUBACK \(id)", sourceLocation: sourceLocation) { packet in
            if case .suback(let suback) = packet, suback.packetID == id { suback.reasonCodes } else { nil }
        }
    }

    @discardableResult
    func unsubscribe(
        _ filters: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [ReasonCode] {
        let id = freshPacketID()
        try await send(.unsubscribe(Unsubscribe(packetID: id, filters: filters)))
        return try await first("UNSUBACK \(id)", sourceLocation: sourceLocation) { packet in
            if case .unsuback(let unsuback) = packet, unsuback.packetID == id { unsuback.reasonCodes } else { nil }
        }
    }

    /// Publishes and carries the exchange to its end.
    /// - Returns: the reason code of PUBACK or PUBREC.
    @discardableResult
    func publish(
        _ topic: String, _ text: String = "", _ qos: QoS = .atMostOnce, retain: Bool = false,
        _ properties: Properties = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ReasonCode {
        let id = qos == .atMostOnce ? nil : freshPacketID()
        try await send(
            .publish(
                Publish(
                    topic: topic, payload: ByteBuffer(string: text), qos: qos, retain: retain, packetID: id,
                    properties: properties)))
        guard let id else { return .success }
        let reason = try await first("the answer to PUBLISH \(id)", sourceLocation: sourceLocation) { packet in
            switch packet {
            case .puback(let ack) where qos == .atLeastOnce && ack.packetID == id: ack.reasonCode
            case .pubrec(let ack) where qos == .exactlyOnce && ack.packetID == id: ack.reasonCode
            default: nil as ReasonCode?
            }
        }
        guard qos == .exactlyOnce, !reason.isError else { return reason }
        try await send(.pubrel(Acknowledgement(packetID: id)))
        try await first("PUBCOMP \(id)", sourceLocation: sourceLocation) {
            $0 == .pubcomp(Acknowledgement(packetID: id)) ? () : nil
        }
        return reason
    }

    // MARK: Expectations

    func expect(_ packet: Packet, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let received = try await next()
        #expect(received == packet, sourceLocation: sourceLocation)
    }

    /// Nothing has come, and the broker answers. Says nothing of messages that another client has just published: for
    /// those see `expectNothing(from:)`.
    func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await send(.pingreq)
        let received = try await next()
        #expect(received == .pingresp, sourceLocation: sourceLocation)
    }

    /// Nothing has come of what `publisher` published until now.
    func expectNothing(from publisher: Client, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let fence = "fence/\(freshPacketID())"
        try await subscribe(fence, sourceLocation: sourceLocation)
        try await publisher.publish(fence)
        let received = try await next()
        guard case .publish(let publish)? = received, publish.topic == fence else {
            Issue.record("\(String(describing: received)) came", sourceLocation: sourceLocation)
            return
        }
    }

    /// The broker closes; before that, an MQTT 5 client is told one of these reasons, if there are any.
    func expectClose(
        _ reasons: ReasonCode..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await expectClose(reasons, sourceLocation: sourceLocation)
    }

    func expectClose(_ reasons: [ReasonCode], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        if version == .v5, !reasons.isEmpty {
            let packet = try await next()
            guard case .disconnect(let disconnect)? = packet else {
                Issue.record(
                    "\(String(describing: packet)) came instead of DISCONNECT", sourceLocation: sourceLocation)
                return
            }
            #expect(reasons.contains(disconnect.reasonCode), sourceLocation: sourceLocation)
        }
        let packet = try await next()
        #expect(packet == nil, sourceLocation: sourceLocation)
    }

    /// The CONNECT that was sent is refused with one of these codes, and the broker closes. Without codes it closes
    /// silently.
    func expectRefusal(_ reasons: ReasonCode..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        if !reasons.isEmpty {
            let packet = try await next()
            guard case .connack(let connack)? = packet else {
                Issue.record(
                    "\(String(describing: packet)) came instead of CONNACK", sourceLocation: sourceLocation)
                return
            }
            #expect(reasons.contains(connack.reasonCode), sourceLocation: sourceLocation)
            #expect(!connack.sessionPresent, sourceLocation: sourceLocation)
        }
        let packet = try await next()
        #expect(packet == nil, sourceLocation: sourceLocation)
    }
}

extension Publish {
    /// The payload as text.
    var text: String { String(buffer: payload) }
}
