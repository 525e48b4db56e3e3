import EventLog
import GarageDomain
import GarageEvents
import Testing

/// Fields that came later: without them nothing changes, with them they survive the log.
@Suite struct OptionalFieldTests {
    @Test(arguments: [
        (
            EventBody.commandRequested(
                CommandRequested(
                    commandID: "c1", action: .close, expiresAt: Timestamp(microseconds: 5), isUnattended: true,
                    joins: true)),
            #"{"action":"close","command_id":"c1","expires_at":5,"joins":true,"unattended":true}"#
        ),
        (
            .commandRequested(
                CommandRequested(
                    commandID: "c1", action: .open, expiresAt: Timestamp(microseconds: 5), address: "10.0.0.7")),
            #"{"action":"open","address":"10.0.0.7","command_id":"c1","expires_at":5}"#
        ),
        (
            .commandRejected(
                CommandRejected(commandID: "c1", action: nil, reason: .retained, address: "10.0.0.7")),
            #"{"address":"10.0.0.7","command_id":"c1","reason":"retained"}"#
        ),
        (
            .eventAcknowledged(Acknowledgement(position: 7, condition: "open-too-long")),
            #"{"condition":"open-too-long","position":7}"#
        ),
    ])
    func theyAreWrittenAndRead(body: EventBody, data: String) {
        let home = Name(nearest: "home")
        let event = EventCoding.encode(
            DomainEvent(Subject(garage: home, kind: .gate, name: home), body), id: EventID(high: 1, low: 2), time: 3,
            metadata: EventMetadata(actor: "ana", channel: "page"))
        #expect(String(decoding: event.data, as: UTF8.self) == data)
        #expect(EventCoding.body(type: event.type, schema: event.schema, data: event.data) == body)
    }
}
