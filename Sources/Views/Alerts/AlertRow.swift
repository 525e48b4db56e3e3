public import GarageDomain

/// Something a person should look at, and what became of it.
public struct AlertRow: Sendable, Hashable {
    /// The position of the event that raised it, which is the alert's id.
    public var position: Int64
    /// `nil` if the stream is not one of a garage.
    public var subject: Subject?
    public var condition: String
    public var text: String
    public var raised: Timestamp
    /// When it was over; `nil` while it stands.
    public var cleared: Timestamp?
    /// `nil` until a person has taken note of it.
    public var acknowledgement: AcknowledgementRow?

    public var isOpen: Bool { cleared == nil }

    public init(
        position: Int64, subject: Subject?, condition: String, text: String, raised: Timestamp, cleared: Timestamp?,
        acknowledgement: AcknowledgementRow?
    ) {
        self.position = position
        self.subject = subject
        self.condition = condition
        self.text = text
        self.raised = raised
        self.cleared = cleared
        self.acknowledgement = acknowledgement
    }
}

/// That a person has taken note of an event.
public struct AcknowledgementRow: Sendable, Hashable {
    /// The position of the acknowledgement itself.
    public var position: Int64
    public var actor: String
    public var time: Timestamp

    public init(position: Int64, actor: String, time: Timestamp) {
        self.position = position
        self.actor = actor
        self.time = time
    }
}
