/// PUBACK, PUBREC, PUBREL and PUBCOMP (MQTT 5.0 sections 3.4 to 3.7), which have one form.
public struct Acknowledgement: Sendable, Hashable {
    public var packetID: UInt16
    /// `.success` in MQTT 3.1 and 3.1.1, which can't say anything else.
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(packetID: UInt16, reasonCode: ReasonCode = .success, properties: Properties = Properties()) {
        self.packetID = packetID
        self.reasonCode = reasonCode
        self.properties = properties
    }
}
