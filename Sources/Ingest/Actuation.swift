import DeviceProfiles
import EventLog
import GarageDomain
import MQTTBroker
import MQTTCodec
import NIOCore

/// The messages that move a gate, or warn of its moving.
enum Actuation {
    /// QoS 0 and never queued: a pulse that arrives late or twice would move the gate when nobody expects it.
    ///
    /// - Parameters:
    ///   - trace: Goes along as user properties to devices that speak MQTT 5.
    ///   - actuator: What the gate's firmware listens to; a gate without one has the service's own topic.
    static func message(gate: Subject, action: GateAction, actuator: GateActuator?, trace: TraceContext?)
        -> LocalMessage
    {
        let outgoing = actuator?[action] ?? NativeProfile.actuate(gate, action)
        return LocalMessage(
            topic: outgoing.topic, payload: ByteBuffer(bytes: outgoing.payload), qos: .atMostOnce, retain: false,
            properties: Properties(trace), neverQueued: true)
    }

    /// What has the gate's device warn people. As short-lived as the order that follows it.
    static func warning(gate: Subject, milliseconds: Int64) -> LocalMessage {
        let outgoing = NativeProfile.warn(gate, seconds: Int((milliseconds + 999) / 1000))
        return LocalMessage(
            topic: outgoing.topic, payload: ByteBuffer(bytes: outgoing.payload), qos: .atMostOnce, retain: false,
            neverQueued: true)
    }
}
