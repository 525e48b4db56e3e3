import MQTTBroker
import MQTTCodec
import NIOCore

/// One connection of a `BrokerStage`, with what a client must remember of it.
final class Seat {
    let core: BrokerCore
    let id: ConnectionID
    let address: String
    /// What it sends as.
    var version = ProtocolVersion.v5
    /// Bytes have been sent.
    var hasConnect = false
    var isWritable = true
    /// What a client should answer.
    var answers: [Packet] = []
    private var decoder = PacketDecoder()
    private var hasConnack = false
    /// What the broker's topic aliases stand for.
    private var topics: [UInt16: String] = [:]

    init(core: BrokerCore, id: ConnectionID, address: String) {
        self.core = core
        self.id = id
        self.address = address
    }

    /// Looks at what the broker sent.
    func take(_ bytes: inout ByteBuffer, _ version: ProtocolVersion, _ problems: inout [String]) {
        decoder.version = version
        decoder.append(&bytes)
        do throws(DecodeError) {
            while let packet = try decoder.next() { take(packet, &problems) }
        } catch {
            problems.append("the broker sends what can't be decoded: \(error)")
        }
    }

    /// A topic stands in the packet, or was said with the same alias before (MQTT-3.3.2-8 and 3.3.2.3.4).
    private func checkTopic(of publish: Publish, _ problems: inout [String]) {
        let alias = publish.properties.topicAlias
        let topic = publish.topic.isEmpty ? alias.flatMap { topics[$0] } ?? "" : publish.topic
        if topic.isEmpty || !Topic.isValidName(topic) { problems.append("a wrong topic name") }
        if alias == 0 { problems.append("topic alias 0") }
        if let alias { topics[alias] = topic }
    }

    private func take(_ packet: Packet, _ problems: inout [String]) {
        switch packet {
        case .connack:
            if hasConnack { problems.append("a second CONNACK") }
            hasConnack = true
        case .publish(let publish):
            checkTopic(of: publish, &problems)
            if publish.qos == .atLeastOnce { answers.append(.puback(Acknowledgement(packetID: publish.packetID ?? 0))) }
            if publish.qos == .exactlyOnce { answers.append(.pubrec(Acknowledgement(packetID: publish.packetID ?? 0))) }
        case .pubrec(let pubrec): answers.append(.pubrel(Acknowledgement(packetID: pubrec.packetID)))
        case .pubrel(let pubrel): answers.append(.pubcomp(Acknowledgement(packetID: pubrel.packetID)))
        case .connect, .subscribe, .unsubscribe, .pingreq: problems.append("a server sends \(packet.type)")
        default: break
        }
        if !hasConnack { problems.append("\(packet.type) before CONNACK") }
    }
}
