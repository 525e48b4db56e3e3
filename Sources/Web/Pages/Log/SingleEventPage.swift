import EventLog
import GarageDomain
import GarageEvents
import Views

/// `/events/{position}`: one event whole.
struct SingleEventPage {
    let row: EventRow
    let reads: any PageReads
    let text: PageText

    func values() async throws -> [String: Any] {
        let event = row.event
        let (data, trace) = TraceCoding.split(event.data)
        let moment = Timestamp(microseconds: event.time)
        let sentence = EventSentence(row, in: text)
        let look = EventLook(event.type)
        var values: [String: Any] = [
            "t": text.words.texts,
            "position": String(event.position),
            "icon": text.icon(look.icon),
            "tone": look.tone.rawValue,
            "sentence": sentence.markup,
            "remark": sentence.aside ?? "",
            "time": text.longTime(moment),
            "utc": moment.rfc3339Milliseconds,
            "recorded": text.longTime(Timestamp(microseconds: event.recorded)),
            "type": event.type,
            "typeName": SingleEventPage.name(ofType: event.type, in: text.words),
            "schema": String(event.schema),
            "stream": event.stream,
            "version": String(event.version),
            "chain": text.words.text(event.chain == .journal ? "chain_journal" : "chain_telemetry"),
            "author": text.author(event.metadata.actor, channel: event.metadata.channel),
            "actor": event.metadata.actor,
            "actorPath": "/events?actor=" + PercentCoding.encode(event.metadata.actor),
            "channel": text.words.texts["channel_" + event.metadata.channel] ?? event.metadata.channel,
            "clientID": event.metadata.clientID ?? "",
            "id": event.id.description,
            "correlation": event.metadata.correlation?.description ?? "",
            "causation": event.metadata.causation?.description ?? "",
            "hash": event.hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
            "traceparent": trace?.traceparent ?? "",
            "tracestate": trace?.tracestate ?? "",
            "data": JSONText.indented(data),
            "apiPath": "/api/v1/events/\(event.position)",
        ]
        // Where readings were pruned the positions have gaps.
        if let previous = try await step(.descending) { values["previousPath"] = "/events/\(previous)" }
        if let next = try await step(.ascending) { values["nextPath"] = "/events/\(next)" }
        if let subject = row.subject {
            values["subject"] = text.title(subject)
            values["subjectPath"] = text.path(subject)
        }
        values["neighbours"] = try await neighbours()
        let related = try await reads.related(to: event.position)
        if related.count > 1 { values["undertaking"] = try await undertaking(related) }
        return values
    }

    /// The position of the event before or after this one in the whole log.
    private func step(_ order: PageRequest.Order) async throws -> Int64? {
        let page = try await reads.events(EventFilter(), PageRequest(after: row.event.position, order: order, limit: 1))
        return page.rows.first?.event.position
    }

    /// What one event of a type is called; most names in the lists of types do for one, too.
    private static func name(ofType type: String, in words: Wording) -> String {
        let key = EventLogPage.key(ofType: type)
        return words.texts["one_" + key] ?? words.texts[key] ?? ""
    }

    /// The events of the same stream just before and after this one, newest first.
    private func neighbours() async throws -> [[String: Any]] {
        let (before, after) = try await reads.neighbours(of: row.event.position, count: 3)
        return (after.reversed() + [row] + before.reversed()).map { neighbour in
            var values = EventRowView.values(neighbour, in: text)
            values["time"] = text.longTime(Timestamp(microseconds: neighbour.event.time))
            values["isThis"] = neighbour.event.position == row.event.position
            return values
        }
    }

    /// The command, if there was one, and everything that happened on its account.
    private func undertaking(_ related: [EventRow]) async throws -> [String: Any] {
        var values: [String: Any] = ["events": related.map { EventRowView.values($0, in: text) }]
        guard let id = related.lazy.compactMap(\.body?.commandID).first else {
            values["heading"] = text.words.text("event_related")
            return values
        }
        values["heading"] = text.words.text("event_command")
        var command: [String: Any] = ["id": id.cut(to: 128)]
        if let gate = row.subject, let found = try await reads.command(gate: gate, id: id) {
            command.merge(CommandView.values(found, in: text)) { value, _ in value }
        }
        values["command"] = command
        return values
    }
}
