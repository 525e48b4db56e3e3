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
            "aside": sentence.aside ?? "",
            "time": text.longTime(moment),
            "utc": moment.rfc3339Milliseconds,
            "recorded": text.longTime(Timestamp(microseconds: event.recorded)),
            "type": event.type,
            "typeName": text.words.texts[EventLogPage.key(ofType: event.type)] ?? "",
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
        if try await reads.event(at: event.position - 1) != nil {
            values["previousPath"] = "/events/\(event.position - 1)"
        }
        if event.position < reads.position() { values["nextPath"] = "/events/\(event.position + 1)" }
        if let subject = row.subject {
            values["subject"] = text.title(subject)
            values["subjectPath"] = text.path(subject)
            values["neighbours"] = try await neighbours(of: subject)
            if let command = commandID {
                values["command"] = try await self.command(command, of: subject)
            }
        }
        return values
    }

    /// The events of the same subject just before and after this one, newest first.
    private func neighbours(of subject: Subject) async throws -> [[String: Any]] {
        let filter = EventFilter(kind: subject.kind, garage: subject.garage, subject: subject.id)
        let position = row.event.position
        let later = try await reads.events(filter, PageRequest(after: position, order: .ascending, limit: 3))
        let earlier = try await reads.events(filter, PageRequest(after: position, order: .descending, limit: 3))
        return (later.rows.reversed() + [row] + earlier.rows).map { neighbour in
            var values = EventRowView.values(neighbour, in: text)
            values["time"] = text.longTime(Timestamp(microseconds: neighbour.event.time))
            values["isThis"] = neighbour.event.position == position
            return values
        }
    }

    private var commandID: String? {
        switch row.body {
        case .gateMoved(let moved): moved.commandID
        case .commandRequested(let command): command.commandID
        case .commandRejected(let command): command.commandID
        case .commandDispatched(let command): command.commandID
        case .commandCompleted(let command): command.commandID
        case .commandFailed(let command): command.commandID
        default: nil
        }
    }

    /// The command and everything that happened on its account.
    private func command(_ id: String, of gate: Subject) async throws -> [String: Any] {
        var values: [String: Any] = ["id": id]
        if let command = try await reads.command(gate: gate, id: id) {
            values.merge(CommandView.values(command, in: text)) { value, _ in value }
        }
        let filter = EventFilter(kind: .gate, garage: gate.garage, subject: gate.id, text: id)
        let page = try await reads.events(filter, PageRequest(order: .ascending, limit: 30))
        values["events"] = page.rows.map { EventRowView.values($0, in: text) }
        return values
    }
}
