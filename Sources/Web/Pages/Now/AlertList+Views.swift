import Views

extension AlertList {
    /// Says which views can't go on, since when and why: until they are built again the pages show what was before.
    mutating func note(_ status: ViewsStatus, in text: PageText) {
        for view in status.projections {
            guard let stop = view.stop else { continue }
            let values: [String: Markup] = [
                "view": Markup(text.words.texts["view_" + view.name] ?? view.name), "position": "\(stop.position)",
                "reason": FailureWording.storage(stop.reason, in: text.words),
            ]
            let entry = Entry(
                icon: "fault", tone: .bad, sentence: text.words.markup("alert_view_stopped", values),
                path: "/events/\(stop.position)")
            entries.insert(entry, at: 0)
        }
    }
}
