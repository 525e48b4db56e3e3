public import EventLog
public import GarageDomain

/// Turns domain events into events of the log and back.
///
/// The data is a JSON object with sorted keys, without the members that have no value, so that the same event always
/// gives the same bytes.
public enum EventCoding {
    /// The event to append, its trace context in the data (`TraceCoding`). Total: every domain event has a form in the log.
    public static func encode(_ event: DomainEvent, id: EventID, time: Int64, metadata: EventMetadata) -> NewEvent {
        let type = event.body.type
        return NewEvent(
            id: id, stream: event.subject.stream, chain: chain(of: type), type: type.rawValue,
            schema: EventSchemas.current.version(of: type), time: time, metadata: metadata,
            data: TraceCoding.data(event.body.data, with: metadata.trace))
    }

    /// The domain event that was recorded, whatever schema it was written with; `nil` if its type or schema is newer
    /// than this version of the service, or its data is no such event.
    public static func decode(_ recorded: RecordedEvent) -> DomainEvent? {
        guard let subject = Subject(stream: recorded.stream),
            let body = body(type: recorded.type, schema: recorded.schema, data: recorded.data)
        else { return nil }
        return DomainEvent(subject, body)
    }

    /// What happened, from an event's type, schema and data alone; `nil` as for `decode`.
    public static func body(type: String, schema: Int, data: [UInt8]) -> EventBody? {
        body(type: type, schema: schema, data: data, schemas: .current)
    }

    /// The reading that data hold, if they have exactly the form that this version writes: what most of a log is, read
    /// without a copy. `nil` for any other form of the same.
    public static func canonicalReading(schema: Int, data: UnsafeRawBufferPointer) -> Reading? {
        guard schema == EventSchemas.current.version(of: .readingRecorded) else { return nil }
        return Reading(canonical: data)
    }

    static func body(type: String, schema: Int, data: [UInt8], schemas: EventSchemas) -> EventBody? {
        guard let type = EventType(rawValue: type) else { return nil }
        if data.isEmpty { return EventBody(erased: type) }
        guard let data = schemas.upcast(data, of: type, from: schema),
            let body = EventBody(type, data: data), body.type == type
        else { return nil }
        return body
    }

    /// The hash chain for a type: readings can be pruned by age, all else is kept.
    public static func chain(of type: EventType) -> Chain {
        type == .readingRecorded ? .telemetry : .journal
    }
}
