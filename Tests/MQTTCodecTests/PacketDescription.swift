import MQTTCodec
import NIOCore

/// The fields of a packet as text, in the names that the vectors use.
func describe(_ packet: Packet) -> [String: String] {
    var fields: [String: String] = [:]
    switch packet {
    case .connect(let connect): describe(connect, into: &fields)
    case .connack(let connack):
        fields["sessionPresent"] = "\(connack.sessionPresent)"
        fields["reasonCode"] = code(connack.reasonCode)
        describe(connack.properties, into: &fields)
    case .publish(let publish):
        fields["topic"] = publish.topic
        fields["payload"] = hex(publish.payload.readableBytesView)
        fields["qos"] = "\(publish.qos.rawValue)"
        fields["retain"] = "\(publish.retain)"
        fields["dup"] = "\(publish.dup)"
        fields["packetID"] = publish.packetID.map { "\($0)" } ?? "nil"
        describe(publish.properties, into: &fields)
    case .puback(let ack), .pubrec(let ack), .pubrel(let ack), .pubcomp(let ack):
        fields["packetID"] = "\(ack.packetID)"
        fields["reasonCode"] = code(ack.reasonCode)
        describe(ack.properties, into: &fields)
    case .subscribe(let subscribe):
        fields["packetID"] = "\(subscribe.packetID)"
        for (index, one) in subscribe.subscriptions.enumerated() { fields["subscription.\(index)"] = describe(one) }
        describe(subscribe.properties, into: &fields)
    case .suback(let suback):
        fields["packetID"] = "\(suback.packetID)"
        for (index, one) in suback.reasonCodes.enumerated() { fields["reasonCode.\(index)"] = code(one) }
        describe(suback.properties, into: &fields)
    case .unsubscribe(let unsubscribe):
        fields["packetID"] = "\(unsubscribe.packetID)"
        for (index, filter) in unsubscribe.filters.enumerated() { fields["filter.\(index)"] = filter }
        describe(unsubscribe.properties, into: &fields)
    case .unsuback(let unsuback):
        fields["packetID"] = "\(unsuback.packetID)"
        for (index, one) in unsuback.reasonCodes.enumerated() { fields["reasonCode.\(index)"] = code(one) }
        describe(unsuback.properties, into: &fields)
    case .pingreq, .pingresp: break
    case .disconnect(let disconnect):
        fields["reasonCode"] = code(disconnect.reasonCode)
        describe(disconnect.properties, into: &fields)
    case .auth(let auth):
        fields["reasonCode"] = code(auth.reasonCode)
        describe(auth.properties, into: &fields)
    }
    return fields
}

private func describe(_ connect: Connect, into fields: inout [String: String]) {
    fields["version"] = text(of: connect.version)
    fields["clientID"] = connect.clientID
    fields["cleanStart"] = "\(connect.cleanStart)"
    fields["keepAlive"] = "\(connect.keepAlive)"
    fields["userName"] = connect.userName ?? "nil"
    fields["password"] = connect.password.map { hex($0.readableBytesView) } ?? "nil"
    describe(connect.properties, into: &fields)
    guard let will = connect.will else {
        fields["will"] = "nil"
        return
    }
    fields["will.topic"] = will.topic
    fields["will.payload"] = hex(will.payload.readableBytesView)
    fields["will.qos"] = "\(will.qos.rawValue)"
    fields["will.retain"] = "\(will.retain)"
    describe(will.properties, prefix: "will.", into: &fields)
}

private func describe(_ one: Subscription) -> String {
    let options = "nl=\(one.noLocal ? 1 : 0) rap=\(one.retainAsPublished ? 1 : 0) rh=\(one.retainHandling.rawValue)"
    return "\(one.filter) qos=\(one.qos.rawValue) \(options)"
}

private func describe(_ properties: Properties, prefix: String = "", into fields: inout [String: String]) {
    for (index, pair) in properties.userProperties.enumerated() {
        fields["\(prefix)userProperty.\(index)"] = "\(pair.name)=\(pair.value)"
    }
    for (index, identifier) in properties.subscriptionIdentifiers.enumerated() {
        fields["\(prefix)subscriptionIdentifier.\(index)"] = "\(identifier)"
    }
    let single: [(String, Any?)] = [
        ("payloadFormatIndicator", properties.payloadFormatIndicator?.rawValue),
        ("messageExpiryInterval", properties.messageExpiryInterval),
        ("contentType", properties.contentType),
        ("responseTopic", properties.responseTopic),
        ("correlationData", properties.correlationData.map { hex($0.readableBytesView) }),
        ("sessionExpiryInterval", properties.sessionExpiryInterval),
        ("assignedClientIdentifier", properties.assignedClientIdentifier),
        ("serverKeepAlive", properties.serverKeepAlive),
        ("authenticationMethod", properties.authenticationMethod),
        ("authenticationData", properties.authenticationData.map { hex($0.readableBytesView) }),
        ("requestProblemInformation", properties.requestProblemInformation),
        ("willDelayInterval", properties.willDelayInterval),
        ("requestResponseInformation", properties.requestResponseInformation),
        ("responseInformation", properties.responseInformation),
        ("serverReference", properties.serverReference),
        ("reasonString", properties.reasonString),
        ("receiveMaximum", properties.receiveMaximum),
        ("topicAliasMaximum", properties.topicAliasMaximum),
        ("topicAlias", properties.topicAlias),
        ("maximumQoS", properties.maximumQoS?.rawValue),
        ("retainAvailable", properties.retainAvailable),
        ("maximumPacketSize", properties.maximumPacketSize),
        ("wildcardSubscriptionAvailable", properties.wildcardSubscriptionAvailable),
        ("subscriptionIdentifierAvailable", properties.subscriptionIdentifierAvailable),
        ("sharedSubscriptionAvailable", properties.sharedSubscriptionAvailable),
    ]
    for case (let name, let value?) in single { fields[prefix + name] = "\(value)" }
}

private func code(_ reasonCode: ReasonCode) -> String {
    let digits = String(reasonCode.rawValue, radix: 16, uppercase: true)
    return "0x" + (digits.count == 1 ? "0" : "") + digits
}
