import DeviceProfiles
import GarageDomain
import MQTTBroker
import MQTTCodec
import NIOCore

/// The message that moves a gate.
enum Actuation {
    /// QoS 0 and never queued: a pulse that arrives late or twice would move the gate when nobody expects it.
    ///
    /// - Parameter actuator: What the gate's firmware listens to; a gate without one has the service's own topic.
    static func message(gate: Subject, action: GateAction, actuator: GateActuator?) -> LocalMessage {
        let outgoing = actuator?[action] ?? NativeProfile.actuate(gate, action)
        return LocalMessage(
            topic: outgoing.topic, payload: ByteBuffer(bytes: outgoing.payload), qos: .atMostOnce, retain: false,
            neverQueued: true)
    }
}
