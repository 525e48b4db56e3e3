/// The MQTT broker on its page.
struct BrokerView {
    let report: BrokerReport?
    var query = BrokerQuery()
    let text: PageText

    private struct Subscription {
        var filter: String
        var client: String
        /// No two are the same: a client has a filter once.
        var key: String { filter + "\n" + client }
    }

    func values() -> [String: Any] {
        let words = text.words
        guard let report else { return ["t": words.texts, "isMissing": true] }
        let connected = report.clients.count { $0.isConnected }
        let clients = report.clients.filter { query.matches($0.id, $0.username, $0.address) }
        let clientPage = KeyedPage(clients, at: query.cursor(of: .clients), key: \.id)
        let retained = (report.retained ?? []).filter { query.matches($0.topic, $0.payload) }
        let retainedPage = KeyedPage(retained, at: query.cursor(of: .retained), key: \.topic)
        let subscriptions = subscriptions(of: report)
        let subscriptionPage = KeyedPage(subscriptions, at: query.cursor(of: .subscriptions), key: \.key)
        var noRetained = words.text(query.text.isEmpty ? "no_retained" : "nothing_matches")
        if report.retained == nil { noRetained = words.text("retained_too_many") }
        return [
            "t": words.texts,
            "hasClients": !clientPage.rows.isEmpty,
            "noClients": words.text(query.text.isEmpty ? "no_clients" : "nothing_matches"),
            "summary": words.text(
                "clients_connected", ["connected": String(connected), "count": String(report.clients.count)]),
            "clients": clientPage.rows.map(row), "clientPager": pager(clientPage, .clients),
            "hasSubscriptions": !subscriptionPage.rows.isEmpty,
            "noSubscriptions": words.text(query.text.isEmpty ? "no_subscriptions" : "nothing_matches"),
            "subscriptions": subscriptionPage.rows.map {
                ["filter": $0.filter.cut(to: 200), "client": $0.client.cut(to: 80)] as [String: Any]
            },
            "subscriptionPager": pager(subscriptionPage, .subscriptions),
            "hasRetained": !retainedPage.rows.isEmpty, "noRetained": noRetained,
            "retained": retainedPage.rows.map {
                ["topic": $0.topic.cut(to: 200), "payload": $0.payload.cut(to: 200)] as [String: Any]
            },
            "retainedPager": pager(retainedPage, .retained),
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

    private func subscriptions(of report: BrokerReport) -> [Subscription] {
        report.clients.flatMap { client in
            client.subscriptions.lazy.filter { query.matches($0, client.id) }
                .map { Subscription(filter: $0, client: client.id) }
        }.sorted { $0.key < $1.key }
    }

    /// The links to the other pages of a table, and which rows this one has; empty if all rows are on it.
    private func pager<Row>(_ page: KeyedPage<Row>, _ table: BrokerQuery.Table) -> [[String: Any]] {
        guard page.count > page.rows.count else { return [] }
        func number(_ value: Int) -> String { text.words.number(Double(value), decimals: 0) }
        var values: [String: Any] = [
            "t": text.words.texts,
            "shown": text.words.text(
                "shown_of",
                [
                    "first": number(page.rows.startIndex + (page.rows.isEmpty ? 0 : 1)),
                    "last": number(page.rows.endIndex), "count": number(page.count),
                ]),
        ]
        if let key = page.previous { values["previousPath"] = query.path(table, .before(key)) }
        if let key = page.next { values["nextPath"] = query.path(table, .after(key)) }
        return [values]
    }

    private func row(_ bridge: BrokerReport.Bridge) -> [String: Any] {
        let words = text.words
        func number(_ value: Int) -> String { words.number(Double(value), decimals: 0) }
        return [
            "name": bridge.name.cut(to: 64), "address": bridge.address.cut(to: 200),
            "state": words.text(bridge.isConnected ? "device_online" : "device_offline"),
            "icon": text.icon(bridge.isConnected ? "online" : "offline"),
            "tone": bridge.isConnected ? "good" : "bad",
            "problem": bridge.problem.map(FailureWording.detail) ?? Markup(""),
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
        guard reason.hasPrefix(command) else {
            return words.texts["refusal_" + reason] ?? AccessWording.attempt(reason, in: words)
        }
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
            "subscriptions": text.words.number(Double(client.subscriptions.count), decimals: 0),
            "queued": text.words.number(Double(client.queued), decimals: 0),
        ]
        if let since = client.connectedAt { values["since"] = text.shortTime(since) }
        return values
    }
}
