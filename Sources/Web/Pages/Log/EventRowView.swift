import EventLog
import GarageDomain
import Views

/// One line of the event log, as the template `event-row` takes it.
enum EventRowView {
    static func values(_ row: EventRow, in text: PageText) -> [String: Any] {
        let event = row.event
        let moment = Timestamp(microseconds: event.time)
        let look = EventLook(event.type)
        let sentence = EventSentence(row, in: text)
        let isFromDevice = event.metadata.channel == "device"
        var values: [String: Any] = [
            "position": String(event.position),
            "day": text.clock.local(moment).isoDate,
            "dayHeading": text.dayHeading(moment),
            "time": text.clockTime(moment),
            "icon": text.icon(look.icon),
            "tone": look.tone.rawValue,
            "sentence": sentence.markup,
            "aside": sentence.aside ?? "",
            "author": isFromDevice
                ? "" : text.author(event.metadata.actor.cut(to: 64), channel: event.metadata.channel),
            "device": (isFromDevice ? event.metadata.actor : event.metadata.clientID ?? "").cut(to: 64),
            "type": event.type.cut(to: 100),
            "longTime": text.longTime(moment),
            "data": String(decoding: event.data, as: UTF8.self).cut(to: 2000),
            "t": text.words.texts,
        ]
        if let subject = row.subject {
            values["subjectPath"] = text.path(subject)
            values["subject"] = text.title(subject)
        }
        return values
    }
}

/// Rows of one local day.
struct EventDay {
    let date: String
    let heading: String
    var rows: [Markup]

    /// Groups rows by local day, in the order in which they come.
    static func group(_ rows: [EventRow], in text: PageText, _ templates: PageTemplates) throws -> [EventDay] {
        var days: [EventDay] = []
        for row in rows {
            let markup = try templates.row(row, in: text)
            let moment = Timestamp(microseconds: row.event.time)
            let date = text.clock.local(moment).isoDate
            if let last = days.indices.last, days[last].date == date {
                days[last].rows.append(markup)
            } else {
                days.append(EventDay(date: date, heading: text.dayHeading(moment), rows: [markup]))
            }
        }
        return days
    }

    var values: [String: Any] { ["date": date, "heading": heading, "rows": rows.joined()] }
}
