import EventLog
import GarageDomain
import Hummingbird
import Views

/// `/events`: the event log.
struct EventLogPage {
    static let pageSize = 50

    let query: EventQuery
    let reads: any PageReads
    let templates: PageTemplates
    let text: PageText

    func values() async throws -> [String: Any] {
        let filter = query.filter(in: text.clock, at: text.now)
        // The position is taken before the rows are read: what comes in between then comes over the live feed.
        let start = reads.position()
        let page = try await page(filter)
        let isNewest = query.before == nil && query.after == nil
        var older = query.newest
        var newer = query.newest
        older.before = page.rows.last?.event.position
        newer.after = page.rows.first?.event.position
        let hasOlder = query.after != nil ? true : page.hasMore
        let hasNewer = query.before != nil ? true : query.after != nil && page.hasMore
        let devices = try await reads.devices()

        var values: [String: Any] = [
            "t": text.words.texts,
            "days": try EventDay.group(page.rows, in: text, templates).map(\.values),
            "isEmpty": page.rows.isEmpty,
            "isFiltered": query.isFiltered,
            "filter": filterValues(devices: devices),
            "printed": printed(),
            "newestPath": query.newest.path,
            "reloadPath": query.path,
            "now": text.clockTime(text.now),
        ]
        if isNewest, query.includesFuture {
            let items = query.filterItems + [("after", String(start))]
            values["live"] = "/events/live" + EventQuery.encoded(items)
        }
        if hasOlder, !page.rows.isEmpty { values["olderPath"] = older.path }
        if hasNewer, !page.rows.isEmpty { values["newerPath"] = newer.path }
        if !isNewest { values["isElsewhere"] = true }
        let export = EventQuery.encoded(query.exportItems(in: text.clock, at: text.now))
        values["csvPath"] = "/api/v1/events.csv" + export
        values["jsonPath"] = "/api/v1/events.jsonl" + export
        return values
    }

    /// The page's rows, newest first.
    private func page(_ filter: EventFilter) async throws -> EventPage {
        guard let after = query.after else {
            return try await reads.events(
                filter, PageRequest(after: query.before, order: .descending, limit: EventLogPage.pageSize))
        }
        var page = try await reads.events(
            filter, PageRequest(after: after, order: .ascending, limit: EventLogPage.pageSize))
        page.rows.reverse()
        return page
    }

    // MARK: The filter bar

    private func filterValues(devices: [DeviceRow]) -> [String: Any] {
        let words = text.words
        let groups = EventQuery.typeGroups.map { group -> [String: Any] in
            let kind = String(group.dropLast(2))
            let types = EventType.allCases.map(\.rawValue).filter { $0.hasPrefix(kind + ".") }
            return [
                "label": words.text("group_" + kind),
                "options": [option(group, "group_all_" + kind, query.type)]
                    + types.map { option($0, EventLogPage.key(ofType: $0), query.type) },
            ]
        }
        let others = [
            EventType.noteAdded, .eventAcknowledged, .mappingAdded, .mappingRemoved, .bridgeConnected,
            .bridgeDisconnected, .clockChanged,
        ].map {
            option($0.rawValue, EventLogPage.key(ofType: $0.rawValue), query.type)
        }
        var names = Set(devices.map(\.subject.name.text))
        if let device = query.device { names.insert(device) }
        var filter: [String: Any] = [
            "typeGroups": groups,
            "otherTypes": others,
            "kinds": Subject.Kind.allCases.map { option($0.rawValue, "kinds_" + $0.rawValue, query.kind?.rawValue) },
            "periods": EventQuery.Period.allCases.map {
                option($0.rawValue, "period_" + $0.rawValue, query.period.rawValue)
            },
            "devices": names.sorted().prefix(200).map { name -> [String: Any] in
                ["value": name, "label": name, "selected": name == query.device]
            },
            "states": EventState.allCases.map { option($0.rawValue, "state_" + $0.rawValue, query.state?.rawValue) },
            "actor": query.actor ?? "",
            "text": query.text ?? "",
            "from": query.from.map { "\($0.isoDate)T\($0.hourAndMinute)" } ?? "",
            "to": query.to.map { "\($0.isoDate)T\($0.hourAndMinute)" } ?? "",
            "showsReadings": query.showsReadings,
            "chips": chips(),
        ]
        filter["hasChips"] = query.subject != nil
        return filter
    }

    /// What the page shows in words, for paper, where there is no filter bar.
    private func printed() -> String {
        let words = text.words
        let about = words.text("filter_about") + " "
        var parts = [query.type.map { words.texts[EventLogPage.key(ofType: $0)] ?? groupName($0) }]
        parts.append(query.kind.map { about + words.text("kinds_" + $0.rawValue) })
        parts.append(query.subject.map { about + $0.cut(to: 80) })
        parts.append(query.device.map { words.text("filter_device") + " " + $0.cut(to: 80) })
        parts.append(query.state.map { words.text("filter_state") + " " + words.text("state_" + $0.rawValue) })
        parts.append(query.actor.map { words.text("filter_actor") + " " + $0.cut(to: 80) })
        parts.append(
            query.text.map { words.text("filter_text") + " " + words.text("quoted", ["text": $0.cut(to: 80)]) })
        if query.period == .custom {
            let (from, to) = query.bounds(in: text.clock, at: text.now)
            parts.append(from.map { words.text("filter_from") + " " + text.shortTimeText($0) })
            parts.append(to.map { words.text("filter_to") + " " + text.shortTimeText($0) })
        } else {
            parts.append(words.text("period_" + query.period.rawValue))
        }
        if query.type == nil { parts.insert(words.text("group_everything"), at: 0) }
        parts.append(query.showsReadings ? words.text("filter_readings") : nil)
        return parts.compactMap(\.self).joined(separator: " · ")
    }

    private func groupName(_ type: String) -> String {
        type.hasSuffix(".*") ? text.words.text("group_all_" + type.dropLast(2)) : type
    }

    private func option(_ value: String, _ key: String, _ selected: String?) -> [String: Any] {
        ["value": value, "label": text.words.text(key), "selected": value == selected]
    }

    /// Filters that have no field in the bar: they come from links, and can be taken away.
    private func chips() -> [[String: Any]] {
        var chips: [[String: Any]] = []
        if let subject = query.subject {
            var without = query.newest
            without.subject = nil
            chips.append([
                "name": "subject", "value": subject,
                "label": text.words.text("chip_subject", ["name": subject.cut(to: 80)]),
                "without": without.path,
            ])
        }
        return chips
    }

    /// The key of the text that names an event type.
    static func key(ofType type: String) -> String {
        "type_" + type.replacing(".", with: "_").replacing("-", with: "_")
    }
}
