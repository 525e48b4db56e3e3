public import GarageDomain

extension NativeProfile {
    /// An alert that stands, as it is told over MQTT.
    public struct AlertNotice: Hashable, Sendable {
        public var subject: Subject
        public var condition: String
        public var text: String
        public var since: Timestamp
        public var isAcknowledged: Bool

        public init(subject: Subject, condition: String, text: String, since: Timestamp, isAcknowledged: Bool) {
            self.subject = subject
            self.condition = condition
            self.text = text
            self.since = since
            self.isAcknowledged = isAcknowledged
        }
    }

    /// The alerts of a garage that stand, on `garage/<garage>/alerts`, to be retained: `{"alerts":[{"subject":
    /// "gate/home.front","condition":"obstructed","text":"…","since":1700000000,"acknowledged":false}]}`, with `since` in
    /// seconds since 1970.
    public static func alerts(of garage: Name, _ notices: [AlertNotice]) -> OutgoingMessage {
        var payload = Array("{\"alerts\":[".utf8)
        for (index, notice) in notices.enumerated() {
            if index > 0 { payload.append(UInt8(ascii: ",")) }
            payload += JSONText.object([
                ("subject", notice.subject.stream), ("condition", notice.condition), ("text", notice.text),
            ]).dropLast()
            let since = notice.since.microseconds / 1_000_000
            payload += Array(",\"since\":\(since),\"acknowledged\":\(notice.isAcknowledged)}".utf8)
        }
        payload += Array("]}".utf8)
        return OutgoingMessage(topic: "garage/\(garage)/alerts", payload: payload)
    }
}
