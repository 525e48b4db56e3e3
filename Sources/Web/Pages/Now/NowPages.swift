import Access
import GarageDomain
import Ingest
import Views

/// The pages about the present.
struct NowPages: Sendable {
    let reads: any PageReads
    let door: any CommandDoor
    let templates: PageTemplates
    let report: @Sendable () async -> BrokerReport?

    private func region(_ name: String, _ template: String, _ values: [String: Any]) throws -> LivePage.Region {
        let html = try templates.render(template, values)
        // A region with nothing in it has no place on the page, which the style sheet can tell only without any space.
        return LivePage.Region(name: name, markup: .rendered(html.allSatisfy(\.isWhitespace) ? "" : html))
    }

    /// - Parameter caller: whose rights decide what can be asked of the gates.
    private func gateCards(for caller: CallerIdentity) async throws -> [GateCard] {
        var cards: [GateCard] = []
        let gates = try await reads.gates().sorted { SpotView.comesFirst($0.subject, $1.subject) }
        for gate in gates { cards.append(try await card(of: gate, for: caller)) }
        return cards
    }

    private func card(of gate: GateRow, for caller: CallerIdentity) async throws -> GateCard {
        GateCard(
            gate: gate, travel: try await GateCard.travel(of: gate, from: reads),
            hindrances: controls(of: gate.subject, for: caller)?.hindrances)
    }

    /// A page's stream goes on when the request is answered, so the caller is named.
    private func controls(of gate: Subject, for caller: CallerIdentity) -> GateControls? {
        CallerIdentity.$current.withValue(caller) { door.controls(of: gate) }
    }

    /// `/`
    func dashboard(_ words: Wording) -> LivePage {
        let caller = CallerIdentity.current
        return LivePage(
            title: words.text("nav_overview"), section: "overview", template: "dashboard", livePath: "/live"
        ) { text in
            let cards = try await gateCards(for: caller)
            let (spots, devices) = try await (reads.spots(), reads.devices())
            let sensors = try await reads.sensors().sorted { SpotView.comesFirst($0.subject, $1.subject) }
            var alerts = AlertList(
                gates: cards.map(\.gate), sensors: sensors, devices: devices, raised: try await reads.openAlerts(),
                trouble: reads.trouble(), mayNote: caller.has(.note), text: text)
            alerts.note(reads.status(), in: text)
            var sensorValues: [[String: Any]] = []
            for sensor in sensors {
                sensorValues.append(try await SensorCard(sensor: sensor, reads: reads, text: text).values())
            }
            let isEmpty = cards.isEmpty && spots.isEmpty && sensors.isEmpty
            let isFirst: [String: Any] = ["t": text.words.texts, "isEmpty": isEmpty, "icon": text.icon("garage")]
            return [
                try region("alerts", "alerts", alerts.values(in: text)),
                try region("welcome", "welcome", isFirst),
                try region("gates", "gates", ["t": text.words.texts, "gates": cards.map { $0.values(in: text) }]),
                try region("spots", "spots", SpotView(spots: spots, gates: cards, text: text).values()),
                try region("sensors", "sensors", ["t": text.words.texts, "sensors": sensorValues]),
                try region("health", "health", DeviceHealth(devices: devices, text: text).values()),
            ]
        }
    }

    /// The picker of a page that shows a time.
    private func picker(
        _ range: PageRange, _ path: String, _ spans: [PageRange.Span]
    ) -> @Sendable (PageText) throws -> [String: Markup] {
        { text in
            var values = range.values(path: path, spans: spans, in: text)
            values["t"] = text.words.texts
            return ["picker": .rendered(try templates.render("range", values))]
        }
    }

    /// `/gates/{id}`
    func gate(_ id: Subject, _ range: PageRange, _ words: Wording) -> LivePage {
        let caller = CallerIdentity.current
        return LivePage(
            title: words.text("subject_gate", ["name": id.name.text, "Name": id.name.text.capitalizedFirst]),
            section: "overview", template: "gate", livePath: "/gates/\(id.id)/live?\(range.query)",
            fixed: picker(range, "/gates/\(id.id)", GateHistoryView.spans)
        ) { text in
            guard let gate = try await reads.gate(id) else { throw PageProblem.notFound }
            let card = try await card(of: gate, for: caller)
            let commands = try await reads.commands(of: id, limit: 20).map { CommandView.values($0, in: text) }
            let filter = EventFilter(kind: .gate, garage: id.garage, subject: id.id)
            let events = try await reads.events(filter, PageRequest(order: .descending, limit: 20)).rows
            let eventValues: [String: Any] = [
                "t": text.words.texts, "days": try EventDay.group(events, in: text, templates).map(\.values),
                "eventsPath": "/events?kind=gate&subject=\(id.id)",
            ]
            return [
                try region("gates", "gates", ["t": text.words.texts, "gates": [card.values(in: text)]]),
                try region(
                    "controls", "gate-controls",
                    GateControlsView(gate: id, controls: controls(of: id, for: caller), caller: caller, text: text)
                        .values()),
                try region(
                    "commands", "commands",
                    ["t": text.words.texts, "commands": commands, "hasCommands": !commands.isEmpty]),
                try region("recent", "recent-events", eventValues),
                try region(
                    "timeline", "gate-history",
                    try await GateHistoryView(gate: id, range: range, reads: reads, text: text).values()),
            ]
        }
    }

    /// `/spots`
    func spots(_ range: PageRange, _ words: Wording) -> LivePage {
        let caller = CallerIdentity.current
        return LivePage(
            title: words.text("nav_spots"), section: "spots", template: "spot-list",
            livePath: "/spots/live?\(range.query)", fixed: picker(range, "/spots", ParkingView.spans)
        ) { text in
            let values = SpotView(spots: try await reads.spots(), gates: try await gateCards(for: caller), text: text)
                .values()
            return [
                try region("spots", "spots", values),
                try region("rows", "spot-rows", values),
                try region(
                    "parking", "parking", try await ParkingView(range: range, reads: reads, text: text).values()),
            ]
        }
    }

    /// `/sensors/{id}`
    func sensor(_ id: Subject, _ range: PageRange, _ words: Wording) -> LivePage {
        LivePage(
            title: words.text("subject_sensor", ["name": id.name.text, "Name": id.name.text.capitalizedFirst]),
            section: "overview", template: "sensor", livePath: "/sensors/\(id.id)/live?\(range.query)",
            fixed: picker(range, "/sensors/\(id.id)", PageRange.Span.allCases)
        ) { text in
            guard let sensor = try await reads.sensor(id) else { throw PageProblem.notFound }
            let card = try await SensorCard(sensor: sensor, reads: reads, text: text).values()
            let history = SensorHistory(sensor: sensor, range: range, reads: reads, text: text)
            return [
                try region("sensors", "sensors", ["t": text.words.texts, "sensors": [card]]),
                try region("history", "history", try await history.values()),
            ]
        }
    }

    /// `/broker`
    func broker(_ query: BrokerQuery, _ words: Wording) -> LivePage {
        LivePage(
            title: words.text("nav_broker"), section: "broker", template: "broker",
            livePath: "/broker/live?\(FormFields.write(query.items))",
            fixed: { text in
                let values: [String: Any] = ["t": text.words.texts, "text": query.text]
                return ["filter": .rendered(try templates.render("broker-filter", values))]
            },
            regions: { text in
                let view = BrokerView(report: await report(), query: query, text: text)
                return [try region("broker", "broker-state", view.values())]
            })
    }

    /// `/devices`
    func devices(_ words: Wording) -> LivePage {
        LivePage(
            title: words.text("nav_devices"), section: "devices", template: "device-list", livePath: "/devices/live"
        ) {
            text in
            let view = DeviceView(
                devices: try await reads.devices(), topics: door.deviceTopics(), unmapped: door.unmappedTopics(),
                text: text)
            return [try region("devices", "devices", view.values()), try region("unmapped", "unmapped", view.values())]
        }
    }
}
