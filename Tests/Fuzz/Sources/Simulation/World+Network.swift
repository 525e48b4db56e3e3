import MQTTCodec

/// What becomes of bytes and connections on their way.
extension World {
    func deliverUp(_ client: Client) {
        guard let link = client.link else { return }
        link.deliverUp(atMost: pieceSize(), now: ledger.now)
        pump()
    }

    func deliverDown(_ client: Client) {
        guard let link = client.link else { return }
        client.receive(link.deliverDown(atMost: pieceSize(), now: ledger.now))
        if link.isEnded, link.down.isEmpty { client.disconnect() }
        pump()
    }

    /// Mostly all that there is.
    private func pieceSize() -> Int { random.once(in: 4) ? 1 + random.below(60) : .max }

    /// A connection breaks: for both, or for one of them only.
    func cut(_ client: Client) {
        guard let link = client.link else { return }
        switch random.below(3) {
        case 0:
            // Some of what was on its way still arrives.
            if random.once(in: 2) { link.deliverUp(atMost: random.below(200), now: ledger.now) }
            link.end(now: ledger.now)
            client.disconnect()
        case 1: abandon(client)
        default:
            // The client finds out when it has read what is on its way.
            link.end(now: ledger.now)
            if link.down.isEmpty { client.disconnect() }
        }
        pump()
    }

    /// The client has gone, and the broker does not know.
    func abandon(_ client: Client) {
        guard let link = client.link else { return }
        client.disconnect()
        guard !link.isEnded else { return }
        link.discardDown()
        halfOpen.append(link)
    }

    /// Something happens to a half-open connection: bytes still arrive, or the broker sees its end.
    func deliverHalfOpen() {
        guard !halfOpen.isEmpty else { return }
        let index = random.below(halfOpen.count)
        let link = halfOpen[index]
        if random.once(in: 2) {
            link.deliverUp(atMost: pieceSize(), now: ledger.now)
        } else {
            link.end(now: ledger.now)
        }
        if link.isEnded { halfOpen.remove(at: index) }
        pump()
    }

    /// Says goodbye, with or without a will.
    func leave(_ client: Client) {
        guard client.isReady, let link = client.link else { return }
        let isNormal = !client.traits.isV5 || random.once(in: 2)
        client.send(
            .disconnect(Disconnect(reasonCode: isNormal ? .normalDisconnection : .disconnectWithWillMessage)))
        client.disconnect()
        link.discardDown()
        halfOpen.append(link)
    }
}
