/// One thing that happened to one subject.
public struct DomainEvent: Hashable, Sendable {
    public var subject: Subject
    public var body: EventBody

    public init(_ subject: Subject, _ body: EventBody) {
        self.subject = subject
        self.body = body
    }
}
