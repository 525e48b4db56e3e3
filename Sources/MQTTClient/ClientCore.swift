import MQTTCodec
import NIOCore

/// The client's side of one connection as a pure state machine: requests, packets and time go in; bytes to send,
/// messages to hand over, answers to requests and the wish to close come out, all of which the caller takes and clears.
struct ClientCore {
    /// Called with what became of a request.
    typealias Completion = @Sendable (Result<[ReasonCode], MQTTClientError>) -> Void

    enum Phase: Equatable {
        case connecting
        case connected(MQTTClient.ConnectInfo)
        case closed(MQTTClientError)
    }

    /// A request that the server has to answer. The packet identifier is taken until it does.
    struct Exchange {
        enum Stage {
            /// PUBACK or PUBREC is awaited.
            case publish(Publish)
            /// PUBCOMP is awaited.
            case release
            case subscribe(count: Int)
            case unsubscribe(count: Int)
        }

        var stage: Stage
        /// Rises with every exchange, so that they can be resent in their order.
        let sequence: UInt64
        let deadline: NIODeadline
        var completion: Completion?
    }

    // What comes out.
    var outbox = ByteBuffer()
    var deliveries: [MQTTClient.ReceivedMessage] = []
    var answers: [(Completion, Result<[ReasonCode], MQTTClientError>)] = []
    /// Answered when the bytes of `outbox` have been handed to the socket.
    var written: [Completion] = []
    private(set) var phase = Phase.connecting
    /// True when the connection should close only after `outbox` has been written.
    private(set) var closesAfterWriting = false

    let options: MQTTClient.Options
    var exchanges: [UInt16: Exchange] = [:]
    var queue = CircularBuffer<(Publish, Completion?)>()
    /// Packet identifiers of resumed exchanges whose message has not been sent on this connection yet.
    var resent = CircularBuffer<UInt16>()
    /// Packet identifiers of QoS 2 messages that were handed over and not released yet.
    var received: Set<UInt16>
    /// Packet identifiers of QoS 1 messages that were handed over to be acknowledged by hand, and have not been yet.
    var owed: Set<UInt16> = []
    var aliases: [UInt16: String] = [:]
    /// How many more publishes of QoS 1 and 2 the server takes now [MQTT-4.9.0-2].
    var sendQuota = 0
    var keepAlive: TimeAmount
    var lastSent: NIODeadline
    var pingSent: NIODeadline?
    private let started: NIODeadline
    /// No exchange that somebody waits for is overdue before this.
    private var nextOverdue: NIODeadline?
    private var nextPacketID: UInt16 = 0
    private var nextSequence: UInt64 = 0

    init(options: MQTTClient.Options, now: NIODeadline) {
        self.options = options
        received = options.session.received
        keepAlive = .seconds(Int64(options.keepAliveSeconds))
        started = now
        lastSent = now
    }

    var isClosed: Bool {
        if case .closed = phase { true } else { false }
    }

    var limits: Properties {
        if case .connected(let info) = phase { info.properties } else { Properties() }
    }

    /// Sends CONNECT. To be called once, when the transport is there.
    mutating func start(_ now: NIODeadline) {
        do throws(EncodeError) {
            try encode(.connect(options.connect), now)
        } catch {
            close(.invalid(error))
        }
    }

    /// The server has accepted the connection.
    mutating func connected(_ info: MQTTClient.ConnectInfo) {
        phase = .connected(info)
    }

    /// Ends the connection: every request is answered with `error`. The first reason stays.
    mutating func close(_ error: MQTTClientError) {
        guard !isClosed else { return }
        phase = .closed(error)
        for (id, exchange) in exchanges.sorted(by: { $0.value.sequence < $1.value.sequence }) {
            answer(exchange.completion, .failure(error))
            exchanges[id]?.completion = nil
        }
        while let (_, completion) = queue.popFirst() { answer(completion, .failure(error)) }
    }

    /// Ends the connection with a DISCONNECT in front, where the version has a reason code to tell, or on our own wish.
    mutating func disconnect(_ reasonCode: ReasonCode, because error: MQTTClientError, _ now: NIODeadline) {
        if case .connected = phase, options.version == .v5 || reasonCode == .normalDisconnection {
            try? encode(.disconnect(Disconnect(reasonCode: reasonCode)), now)
            closesAfterWriting = true
        }
        close(error)
    }

    /// Ends the connection and drops what has not been written.
    mutating func abort() {
        outbox.clear()
        close(.closed)
    }

    /// What a later connection has to finish.
    var session: MQTTClient.Session {
        var session = MQTTClient.Session()
        session.received = received
        for (id, exchange) in exchanges.sorted(by: { $0.value.sequence < $1.value.sequence }) {
            switch exchange.stage {
            case .publish(let publish): session.unfinished.append(.init(packetID: id, publish: publish))
            case .release: session.unfinished.append(.init(packetID: id, publish: nil))
            case .subscribe, .unsubscribe: break
            }
        }
        return session
    }

    /// When `tick` has something to do at the latest; nil when nothing can become due.
    var nextDeadline: NIODeadline? {
        switch phase {
        case .closed: return nil
        case .connecting: return started + options.connectTimeout
        case .connected: break
        }
        guard keepAlive > .zero else { return nextOverdue }
        return min(keepAliveDeadline, nextOverdue ?? .distantFuture)
    }

    /// Does what is due.
    mutating func tick(_ now: NIODeadline) {
        guard let deadline = nextDeadline, now >= deadline else { return }
        if case .connecting = phase { return close(.timeout(.connack)) }
        if let overdue = nextOverdue, now >= overdue { answerOverdue(now) }
        guard keepAlive > .zero, now >= keepAliveDeadline else { return }
        if pingSent != nil { return close(.timeout(.pingresp)) }
        try? encode(.pingreq, now)
        pingSent = now
    }

    /// When the next PINGREQ is due, or when the answer to the last one is overdue.
    private var keepAliveDeadline: NIODeadline {
        pingSent.map { $0 + min(options.responseTimeout, keepAlive) } ?? lastSent + keepAlive
    }

    private mutating func answerOverdue(_ now: NIODeadline) {
        nextOverdue = nil
        for (id, exchange) in exchanges where exchange.completion != nil {
            if exchange.deadline <= now {
                answer(exchange.completion, .failure(.timeout(.acknowledgement)))
                exchanges[id]?.completion = nil
            } else {
                nextOverdue = min(nextOverdue ?? .distantFuture, exchange.deadline)
            }
        }
    }

    // MARK: - Parts that requests and received packets share

    mutating func encode(_ packet: Packet, _ now: NIODeadline) throws(EncodeError) {
        try packet.encode(into: &outbox, version: options.version)
        lastSent = now
    }

    mutating func answer(_ completion: Completion?, _ result: Result<[ReasonCode], MQTTClientError>) {
        if let completion { answers.append((completion, result)) }
    }

    /// A packet identifier that no exchange has; nil when all are taken.
    mutating func freePacketID() -> UInt16? {
        guard exchanges.count < Int(UInt16.max) else { return nil }
        repeat {
            nextPacketID = nextPacketID == .max ? 1 : nextPacketID + 1
        } while exchanges[nextPacketID] != nil
        return nextPacketID
    }

    mutating func begin(
        _ stage: Exchange.Stage, _ packetID: UInt16, _ completion: Completion?, _ now: NIODeadline
    ) {
        nextSequence &+= 1
        let deadline = now + options.responseTimeout
        exchanges[packetID] = Exchange(
            stage: stage, sequence: nextSequence, deadline: deadline, completion: completion)
        if completion != nil, nextOverdue == nil { nextOverdue = deadline }
    }
}
