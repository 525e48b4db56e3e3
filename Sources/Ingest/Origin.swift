import EventLog
import NIOCore

/// Where an input comes from, as far as its events' metadata tells.
struct Origin: Sendable {
    /// `nil` lets the reporting device stand as the actor.
    var actor: String?
    var channel: String
    var clientID: String?
    /// The event that led to it, if it is the service's own consequence of one.
    var causation: EventID?
    /// Where to send a command's results beside the gate's result topic (MQTT 5, 4.10).
    var reply: ReplyAddress?
    /// Whether an acknowledgement can say that a command is refused. MQTT 3 has no word for it.
    var hearsRefusals = false
    /// The distributed trace that it belongs to.
    var trace: TraceContext?

    static let service = Origin(actor: "garage", channel: "service")

    init(
        actor: String?, channel: String, clientID: String? = nil, causation: EventID? = nil, reply: ReplyAddress? = nil,
        hearsRefusals: Bool = false, trace: TraceContext? = nil
    ) {
        self.trace = trace
        self.hearsRefusals = hearsRefusals
        self.actor = actor
        self.channel = channel
        self.clientID = clientID
        self.causation = causation
        self.reply = reply
    }
}

/// The response topic and correlation data of an MQTT 5 request.
struct ReplyAddress: Sendable {
    var topic: String
    var correlationData: ByteBuffer?
}
