import MQTTCodec
import NIOCore

// What the application asks for.
extension ClientCore {
    mutating func publish(_ publish: Publish, _ completion: Completion?, _ now: NIODeadline) {
        if case .closed(let error) = phase { return answer(completion, .failure(error)) }
        do throws(MQTTClientError) {
            try check(publish)
            if publish.qos == .atMostOnce {
                try send(publish, now)
                if let completion { written.append(completion) }
            } else if sendQuota > 0, queue.isEmpty, resent.isEmpty, let packetID = freePacketID() {
                try transmit(publish, packetID, completion, now)
            } else if queue.count < options.maximumQueuedPublishes {
                queue.append((publish, completion))
            } else {
                answer(completion, .failure(.queueFull))
            }
        } catch {
            answer(completion, .failure(error))
        }
    }

    mutating func subscribe(
        _ subscriptions: [Subscription], _ properties: Properties, _ completion: Completion?, _ now: NIODeadline
    ) {
        request(.subscribe(count: subscriptions.count), completion, now) { packetID in
            .subscribe(Subscribe(packetID: packetID, subscriptions: subscriptions, properties: properties))
        }
    }

    mutating func unsubscribe(_ filters: [String], _ completion: Completion?, _ now: NIODeadline) {
        request(.unsubscribe(count: filters.count), completion, now) { packetID in
            .unsubscribe(Unsubscribe(packetID: packetID, filters: filters))
        }
    }

    /// Sends what waited, as far as the server takes it: first what an earlier connection left unfinished.
    mutating func drainQueue(_ now: NIODeadline) {
        while sendQuota > 0, let packetID = resent.popFirst() {
            guard case .publish(var publish) = exchanges[packetID]?.stage else { continue }
            publish.dup = true
            sendQuota -= 1
            do throws(MQTTClientError) {
                try send(publish, now)
            } catch {
                close(error)
            }
        }
        while sendQuota > 0, !queue.isEmpty, let packetID = freePacketID(),
            let (publish, completion) = queue.popFirst()
        {
            do throws(MQTTClientError) {
                try transmit(publish, packetID, completion, now)
            } catch {
                answer(completion, .failure(error))
            }
        }
    }

    private mutating func transmit(
        _ publish: Publish, _ packetID: UInt16, _ completion: Completion?, _ now: NIODeadline
    ) throws(MQTTClientError) {
        var publish = publish
        publish.packetID = packetID
        try send(publish, now)
        sendQuota -= 1
        begin(.publish(publish), packetID, completion, now)
    }

    private mutating func send(_ publish: Publish, _ now: NIODeadline) throws(MQTTClientError) {
        do throws(EncodeError) {
            try encode(.publish(publish), now)
        } catch {
            throw .invalid(error)
        }
    }

    private mutating func request(
        _ stage: Exchange.Stage, _ completion: Completion?, _ now: NIODeadline, _ packet: (UInt16) -> Packet
    ) {
        if case .closed(let error) = phase { return answer(completion, .failure(error)) }
        guard let packetID = freePacketID() else { return answer(completion, .failure(.queueFull)) }
        do throws(EncodeError) {
            try encode(packet(packetID), now)
            begin(stage, packetID, completion, now)
        } catch {
            answer(completion, .failure(.invalid(error)))
        }
    }

    /// Refuses what the CONNACK ruled out, so that the server need not drop the connection, and what can't be
    /// written, so that it need not wait in the queue first.
    private func check(_ publish: Publish) throws(MQTTClientError) {
        let limits = limits
        if let maximum = limits.maximumQoS, publish.qos > maximum {
            throw .notAcceptedByServer("QoS \(publish.qos.rawValue)")
        }
        if publish.retain, limits.retainAvailable == false {
            throw .notAcceptedByServer("retained messages")
        }
        if let alias = publish.properties.topicAlias, alias > limits.topicAliasMaximum ?? 0 {
            throw .notAcceptedByServer("the topic alias \(alias)")
        }
        var sized = publish
        sized.packetID = 1
        let size: Int
        do throws(EncodeError) {
            size = try Packet.publish(sized).encodedSize(version: options.version)
        } catch {
            throw .invalid(error)
        }
        if let maximum = limits.maximumPacketSize, size > Int(maximum) {
            throw .notAcceptedByServer("a packet of \(size) bytes")
        }
    }
}
