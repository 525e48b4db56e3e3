import EventLog
import GarageDomain
import GarageEvents
import Hummingbird
import HummingbirdTesting
import Testing

@Suite("What a person decides about a gate, over HTTP")
struct GateControlEndpointTests {
    /// The views follow the log at a distance; a device whose report was acknowledged has reported.
    @Test("a gate is known as soon as its first report is in the log")
    func knownAtOnce() async throws {
        try await APIGarage.with { garage in
            let sensor = try #require(Subject(stream: "sensor/home.dht1"))
            let gate = try #require(Subject(stream: "gate/home.front"))
            var bodies = Array(
                repeating: DomainEvent(sensor, .readingRecorded(Reading(quantity: .temperature, value: 21))),
                count: 4000)
            bodies.append(DomainEvent(gate, .gateMoved(GateMoved(from: nil, to: .closed))))
            _ = try await garage.log.append(
                AppendRequest(
                    events: bodies.map {
                        EventCoding.encode(
                            $0, id: .make(at: APIGarage.start), time: APIGarage.start,
                            metadata: EventMetadata(actor: "esp1", channel: "device", clientID: "esp1"))
                    }))
            let answer = try await garage.post("/api/v1/gates/home.front/mode", #"{"mode":"locked"}"#)
            #expect(answer.status == .ok, "\(String(buffer: answer.body))")
            let unknown = try await garage.post("/api/v1/gates/home.back/mode", #"{"mode":"locked"}"#)
            #expect(unknown.status == .notFound)
        }
    }
}
