/// The client identifiers and topics of one run, which no other run has.
struct LoadNames {
    private let layout: PubSubLoad.Layout
    private let prefix: String

    init(_ layout: PubSubLoad.Layout, tag: UInt32) {
        self.layout = layout
        prefix = "bench-" + String(tag, radix: 36)
    }

    func clientID(_ kind: String, _ number: Int) -> String { "\(prefix)-\(kind)\(number)" }

    /// What this publisher publishes to.
    func topic(_ publisher: Int) -> String {
        switch layout {
        case .pairs, .fanIn: "\(prefix)/\(publisher)/v"
        case .fanOut: "\(prefix)/all"
        case .sensors: "garage/bench/sensor/\(publisher)/temperature"
        }
    }

    /// What this subscriber subscribes to.
    func filter(_ subscriber: Int) -> String {
        switch layout {
        case .pairs, .sensors: topic(subscriber)
        case .fanIn: "\(prefix)/+/v"
        case .fanOut: topic(0)
        }
    }
}
