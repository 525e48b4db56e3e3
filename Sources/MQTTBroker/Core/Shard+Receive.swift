import MQTTCodec

extension Shard {
    /// Takes what a connection received. Packets are handled where they lie; only one that is not complete yet is kept.
    mutating func receive(_ id: ConnectionID, _ bytes: UnsafeRawBufferPointer, _ now: UInt64) {
        guard let connection = connections.find(id.slot, id.generation) else { return }
        statistics.bytesReceived &+= bytes.count
        switch connection.pointee.phase {
        case .closing: return
        case .awaitingSession:
            connection.pointee.inbox.append(bytes)
            return
        case .awaitingConnect, .authenticating, .active: break
        }
        connection.pointee.lastReceived = now
        do {
            try consume(connection, bytes, now)
        } catch {
            refuse(connection, reason: error.reasonCode, detail: error.description, now)
        }
        flushJournal()
        if journal.uncommittedBytes > Journal.highWater { waitForStore(connection) }
        if policy.isCongested { waitForHost(connection, now) }
    }

    /// Handles what a client sent while it had to wait for its session.
    mutating func receiveEarly(_ connection: ConnectionPointer, _ now: UInt64) {
        var early = connection.pointee.inbox
        connection.pointee.inbox = RawBytes()
        receive(connection.pointee.id, early.bytes, now)
        early.deallocate()
    }

    private mutating func consume(
        _ connection: ConnectionPointer, _ bytes: UnsafeRawBufferPointer, _ now: UInt64
    ) throws(DecodeError) {
        var offset = 0
        if !connection.pointee.inbox.isEmpty {
            offset = try completeSplitPacket(connection, bytes, now)
        }
        while offset < bytes.count, connection.pointee.phase != .closing {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            if connection.pointee.phase == .awaitingSession {
                connection.pointee.inbox.append(rest)
                return
            }
            guard let header = try FixedHeader.peek(rest, version: connection.pointee.version) else {
                connection.pointee.inbox.append(rest)
                return
            }
            try checkHeader(connection, header)
            guard header.totalLength <= rest.count else {
                connection.pointee.inbox.append(rest)
                return
            }
            let packet = UnsafeRawBufferPointer(rebasing: rest[..<header.totalLength])
            try handle(connection, packet, header, now)
            offset &+= header.totalLength
        }
    }

    /// Adds to the packet whose beginning was kept, and handles it once it is whole.
    /// - Returns: how many of `bytes` it took.
    private mutating func completeSplitPacket(
        _ connection: ConnectionPointer, _ bytes: UnsafeRawBufferPointer, _ now: UInt64
    ) throws(DecodeError) -> Int {
        var offset = 0
        while offset < bytes.count {
            let header = try FixedHeader.peek(connection.pointee.inbox.bytes, version: connection.pointee.version)
            if let header { try checkHeader(connection, header) }
            // Without a header the next byte decides.
            let missing = header.map { $0.totalLength &- connection.pointee.inbox.count } ?? 1
            let taken = min(missing, bytes.count &- offset)
            connection.pointee.inbox.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset &+ taken)]))
            offset &+= taken
            let whole = connection.pointee.inbox.bytes
            guard let complete = try FixedHeader.peek(whole, version: connection.pointee.version),
                complete.totalLength == whole.count
            else { continue }
            try checkHeader(connection, complete)
            // Taken out, so that handling the packet finds an empty inbox.
            var packet = connection.pointee.inbox
            connection.pointee.inbox = RawBytes()
            defer { packet.deallocate() }
            try handle(connection, packet.bytes, complete, now)
            return offset
        }
        return offset
    }

    private func checkHeader(_ connection: ConnectionPointer, _ header: FixedHeader) throws(DecodeError) {
        if header.totalLength > connection.pointee.offer.maximumPacketSize {
            throw DecodeError(
                reasonCode: .packetTooLarge, clause: "MQTT-3.2.2-15",
                detail: "a packet of \(header.totalLength) bytes is larger than the limit")
        }
        let phase = connection.pointee.phase
        guard phase != .active else { return }
        if phase == .authenticating, header.type != .auth, header.type != .disconnect, header.type != .connect {
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-4.12.0-3",
                detail: "a packet other than AUTH before the authentication has ended")
        }
        if phase == .awaitingConnect, header.type != .connect {
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-3.1.0-1", detail: "the first packet is not CONNECT")
        }
        if header.totalLength > limits.maximumConnectSize {
            throw DecodeError(
                reasonCode: .packetTooLarge, clause: "MQTT-3.1.4-1", detail: "an unusually large CONNECT")
        }
    }

    @inline(__always)
    private mutating func handle(
        _ connection: ConnectionPointer, _ packet: UnsafeRawBufferPointer, _ header: FixedHeader, _ now: UInt64
    ) throws(DecodeError) {
        statistics.packetsReceived &+= 1
        switch header.type {
        case .publish: try handlePublish(connection, packet, header, now)
        case .puback, .pubrec, .pubrel, .pubcomp: try handleAcknowledgement(connection, packet, header, now)
        case .pingreq:
            if header.remainingLength != 0 {
                throw DecodeError(
                    reasonCode: .malformedPacket, clause: "MQTT-3.12.1", detail: "a PINGREQ has a body")
            }
            connection.pointee.outbox.append(0xD0, 0)
            statistics.packetsSent &+= 1
            touch(connection)
        default: try handleRare(connection, packet, header, now)
        }
    }

    @inline(never)
    private mutating func handleRare(
        _ connection: ConnectionPointer, _ packet: UnsafeRawBufferPointer, _ header: FixedHeader, _ now: UInt64
    ) throws(DecodeError) {
        if header.type == .connect {
            if connection.pointee.phase != .awaitingConnect {
                throw DecodeError(
                    reasonCode: .protocolError, clause: "MQTT-3.1.0-2", detail: "a second CONNECT on the connection")
            }
            try handleConnect(connection, packet, now)
            return
        }
        switch try Packet.decode(packet, version: connection.pointee.version) {
        case .subscribe(let subscribe): try handleSubscribe(connection, subscribe, now)
        case .unsubscribe(let unsubscribe): try handleUnsubscribe(connection, unsubscribe)
        case .disconnect(let disconnect): try handleDisconnect(connection, disconnect, now)
        case .auth(let auth): try handleAuth(connection, auth, now)
        default:
            throw DecodeError(
                reasonCode: .protocolError, clause: "MQTT-4.13.1-1", detail: "a packet that only a server may send")
        }
    }
}
