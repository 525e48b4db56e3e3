public import MQTTBroker
public import MQTTCodec

/// The broker as Ingest sees it: a place to publish to, and acknowledgements to release.
public protocol MessageSink: Sendable {
    /// Publishes and returns how many connected clients got the message.
    func publish(_ message: LocalMessage) async -> Int

    /// Publishes without waiting.
    func post(_ message: LocalMessage)

    /// Sends the acknowledgements that wait for these tickets, with these reason codes.
    func release(_ releases: [(HoldTicket, ReasonCode)])
}
