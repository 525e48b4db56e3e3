import MQTTCodec

/// What the host and other shards say of publishes whose sessions have moved to another shard meanwhile.
extension Shard {
    /// The host's word on a ticket of a session that is no longer here.
    mutating func releaseMoved(_ ticket: HoldTicket, _ reason: ReasonCode, _ now: UInt64) {
        guard let clientID = takeMoved(ticket, \.held) else { return }
        released(clientID, ticket.sequence, isError: reason.isError, now)
    }

    /// Other shards have stored a publish of a session that is no longer here.
    mutating func storedMoved(_ ticket: HoldTicket, transfer: UInt64) {
        guard let clientID = takeMoved(ticket, \.unstored) else { return settle(transfer) }
        stored(clientID, ticket.sequence, transfer: transfer)
    }

    /// Whose ticket it is. Tickets of QoS 1 publishes mean nothing without their connection.
    private mutating func takeMoved(
        _ ticket: HoldTicket, _ waiting: WritableKeyPath<MovedTickets, Set<UInt64>>
    ) -> ExactText? {
        let name = HoldTicket(shard: 0, slot: ticket.slot, generation: ticket.generation, sequence: 0)
        guard var moved = movedTickets[name], moved[keyPath: waiting].remove(ticket.sequence) != nil else { return nil }
        movedTickets[name] = moved.isEmpty ? nil : moved
        return moved.clientID
    }

    mutating func released(_ key: ExactText, _ sequence: UInt64, isError: Bool, _ now: UInt64) {
        guard let session = sessionsByClientID[key] else {
            _ = send(.released(clientID: key, sequence: sequence, isError: isError), after: key)
            return
        }
        release(session, sequence, isError ? .unspecifiedError : .success, now)
    }
}
