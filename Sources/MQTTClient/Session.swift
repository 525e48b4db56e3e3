import MQTTCodec

extension MQTTClient {
    /// The part of an MQTT session that the client keeps (MQTT 5.0 section 4.1): what it sent with QoS 1 and 2 that is
    /// not acknowledged to the end, and the QoS 2 messages that it received and the server has not released.
    ///
    /// Take it with `MQTTClient.session()` and give it to the next connection in `Options.session`.
    public struct Session: Sendable {
        /// One exchange that the server has to finish.
        struct Unfinished: Sendable, Hashable {
            let packetID: UInt16
            /// The message to send again, or nil when only PUBREL is owed.
            let publish: Publish?
        }

        /// In the order in which the messages were first sent [MQTT-4.6.0-1].
        var unfinished: [Unfinished] = []
        var received: Set<UInt16> = []

        /// A session in which nothing is unfinished.
        public init() {}

        /// The number of messages that are sent again when the session is resumed.
        public var unacknowledgedCount: Int { unfinished.count }
    }
}
