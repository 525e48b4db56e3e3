/// The MQTT broker on its page.
struct BrokerView {
    let report: BrokerReport?
    let text: PageText

    func values() -> [String: Any] {
        let words = text.words
        guard let report else { return ["t": words.texts, "isMissing": true] }
        let connected = report.clients.count { $0.isConnected }
        return [
            "t": words.texts,
            "hasClients": !report.clients.isEmpty,
            "summary": words.text(
                "clients_connected", ["connected": String(connected), "count": String(report.clients.count)]),
            "clients": report.clients.prefix(500).map(row),
            "hasRetained": !report.retained.isEmpty,
            "retained": report.retained.prefix(500).map {
                ["topic": $0.topic.cut(to: 200), "payload": $0.payload.cut(to: 200)] as [String: Any]
            },
            "hasFigures": !report.figures.isEmpty,
            "figures": report.figures.map { figure in
                let name = "broker_" + figure.name.replacing("/", with: "_").replacing(" ", with: "_")
                let isWhole = figure.value == figure.value.rounded()
                return [
                    "name": words.texts[name] ?? figure.name,
                    "value": words.number(figure.value, decimals: isWhole ? 0 : 1),
                ] as [String: Any]
            },
            "hasBridges": !report.bridges.isEmpty,
            "bridges": report.bridges.map(row),
            "hasRefusals": !report.refusals.isEmpty,
            "refusals": report.refusals.prefix(100).map { refusal in
                var values: [String: Any] = [
                    "reason": BrokerView.reason(refusal.reason, in: words),
                    "count": words.number(Double(refusal.count), decimals: 0),
                ]
                if let last = refusal.last { values["last"] = text.shortTime(last) }
                return values
            },
        ]
    }

    private func row(_ bridge: BrokerReport.Bridge) -> [String: Any] {
        let words = text.words
        func number(_ value: Int) -> String { words.number(Double(value), decimals: 0) }
        return [
            "name": bridge.name.cut(to: 64), "address": bridge.address.cut(to: 200),
            "state": words.text(bridge.isConnected ? "device_online" : "device_offline"),
            "icon": text.icon(bridge.isConnected ? "online" : "offline"),
            "tone": bridge.isConnected ? "good" : "bad", "problem": (bridge.problem ?? "").cut(to: 200),
            "figures": words.text(
                "bridge_figures",
                [
                    "sent": number(bridge.sent), "received": number(bridge.received),
                    "queued": number(bridge.queued), "dropped": number(bridge.dropped),
                ]),
        ]
    }

    private static func reason(_ reason: String, in words: Wording) -> String {
        let command = "command/"
        guard reason.hasPrefix(command) else { return words.texts["refusal_" + reason] ?? reason.cut(to: 100) }
        let cause = String(reason.dropFirst(command.count))
        return words.text("refusal_command", ["reason": words.texts["rejected_" + cause] ?? cause.cut(to: 60)])
    }

    private func row(_ client: BrokerReport.Client) -> [String: Any] {
        var values: [String: Any] = [
            "id": client.id.cut(to: 80), "username": (client.username ?? "").cut(to: 64),
            "version": client.version.map { "MQTT " + $0 } ?? "", "address": client.address ?? "",
            "state": text.words.text(client.isConnected ? "device_online" : "session_kept"),
            "icon": text.icon(client.isConnected ? "online" : "offline"),
            "tone": client.isConnected ? "good" : "plain",
            "subscriptions": text.words.number(Double(client.subscriptions), decimals: 0),
            "queued": text.words.number(Double(client.queued), decimals: 0),
        ]
        if let since = client.connectedAt { values["since"] = text.shortTime(since) }
        return values
    }
}
