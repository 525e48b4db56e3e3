extension AppendRequest {
    /// What breaks a limit of the log, or `nil` if nothing does.
    func problem(within options: EventLogOptions) -> String? {
        guard events.count <= options.maximumRequestEvents else {
            return "a request has at most \(options.maximumRequestEvents) events"
        }
        for event in events {
            if let problem = event.problem(within: options) { return problem }
        }
        return nil
    }
}

extension NewEvent {
    fileprivate func problem(within options: EventLogOptions) -> String? {
        guard (1...200).contains(stream.utf8.count) else { return "a stream's name has 1 to 200 bytes" }
        guard (1...100).contains(type.utf8.count) else { return "an event type has 1 to 100 bytes" }
        guard (1...1_000_000).contains(schema) else { return "a schema version is from 1 to 1000000" }
        guard metadata.actor.utf8.count <= 1000 else { return "an actor has at most 1000 bytes" }
        guard metadata.channel.utf8.count <= 100 else { return "a channel has at most 100 bytes" }
        guard metadata.clientID?.utf8.count ?? 0 <= 65_535 else { return "a client identifier has at most 65535 bytes" }
        guard data.count <= options.maximumEventBytes else {
            return "an event's data has at most \(options.maximumEventBytes) bytes"
        }
        guard data.first == UInt8(ascii: "{"), data.last == UInt8(ascii: "}") else {
            return "an event's data is a JSON object"
        }
        return nil
    }
}

extension ExpectedVersion {
    /// Whether a stream that has this version is as expected.
    func holds(for actual: Int64) -> Bool {
        switch self {
        case .any: true
        case .noStream: actual == 0
        case .exists: actual > 0
        case .exact(let version): actual == version
        }
    }
}
