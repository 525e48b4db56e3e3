import EventLog
import MQTTBroker
import MQTTCodec

extension TraceContext {
    /// From the user properties `traceparent` and `tracestate` of a message; a name that is there twice says nothing.
    init?(_ properties: Properties) {
        func value(_ name: String) -> String? {
            let found = properties.userProperties.filter { $0.name == name }
            return found.count == 1 ? found[0].value : nil
        }
        self.init(traceparent: value("traceparent"), tracestate: value("tracestate"))
    }

    /// As above. Most messages have none, and are not looked at closer.
    init?(_ publish: borrowing PublishInspection) {
        guard publish.client.version == .v5 else { return nil }
        self.init(publish.properties)
    }
}

extension Properties {
    /// The user properties that carry a trace context on.
    init(_ trace: TraceContext?) {
        self.init()
        guard let trace else { return }
        append(.userProperty(UserProperty(name: "traceparent", value: trace.traceparent)))
        if let state = trace.tracestate { append(.userProperty(UserProperty(name: "tracestate", value: state))) }
    }
}
