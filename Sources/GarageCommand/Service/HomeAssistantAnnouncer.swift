import BrokerStore
import DeviceProfiles
import GarageDomain
import Ingest
import Logging
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import ServiceLifecycle
import Views

/// Keeps the announcements for Home Assistant, and the values that they speak of, retained in the broker.
///
/// What was announced in an earlier run and is no longer wanted is taken back, all of it if there is no prefix. Looks at
/// the views at most once a second, so that a flood of readings does not become a flood of messages.
struct HomeAssistantAnnouncer: Service {
    /// Everything that is to be retained now.
    private struct Wanted {
        var messages: [String: [UInt8]] = [:]
        /// When the values were measured that count as none if they are not told again in time.
        var measured: [String: Timestamp] = [:]
    }

    let views: Views
    let server: MQTTServer
    let ingest: Ingest
    /// Home Assistant's discovery prefix; `nil` announces nothing.
    let prefix: String?
    /// What was announced before.
    let kept: [String: [UInt8]]
    let logger: Logger

    /// What the broker has kept of announcements since its last run.
    static func kept(in store: BrokerStore?) -> [String: [UInt8]] {
        var kept: [String: [UInt8]] = [:]
        for message in store?.retainedAtStart ?? [] {
            let topic = String(decoding: message.topic, as: UTF8.self)
            let payload = Array(message.payload)
            if DiscoveryAnnouncement.isOurs(topic: topic, payload: payload) { kept[topic] = payload }
        }
        return kept
    }

    func run() async throws {
        var retained = RetainedSet(kept: kept)
        guard let prefix else {
            publish(retained.update(to: [:]))
            // A service that ends takes the others along.
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown { [retained] in await keep(retained, prefix) }
        for garage in (try? await views.garages()) ?? [] {
            publish([
                OutgoingMessage(
                    topic: DiscoveryAnnouncement.availabilityTopic(of: garage), payload: Array("offline".utf8))
            ])
        }
    }

    private func keep(_ retained: RetainedSet, _ prefix: String) async {
        var retained = retained
        var told: [String: Timestamp] = [:]
        // Views that are being built know of few things; the others would be taken back.
        while !Task.isCancelled, await !views.waitUntilCurrent(within: .seconds(1)) {}
        var position: Int64 = -1
        var starts = ingest.homeAssistantStarts
        while !Task.isCancelled {
            let (now, nowStarted) = (views.position(), ingest.homeAssistantStarts)
            if nowStarted != starts { retained.forget() }
            if now != position || nowStarted != starts {
                do {
                    let wanted = try await wanted(prefix)
                    for (topic, time) in wanted.measured {
                        let isOld = told[topic].map { time.milliseconds(since: $0) >= Self.renewalMilliseconds }
                        if isOld == true { retained.forget(topic) }
                        if isOld != false { told[topic] = time }
                    }
                    publish(retained.update(to: wanted.messages))
                    (position, starts) = (now, nowStarted)
                } catch {
                    logger.error("things can't be announced", metadata: ["error": "\(error)"])
                }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// How old the word of a value may become that is measured again and again as the same.
    private static let renewalMilliseconds = Int64(DiscoveryAnnouncement.valuesLastSeconds) * 1000 / 4

    private func wanted(_ prefix: String) async throws -> Wanted {
        var wanted = Wanted()
        func announce(_ subject: Subject, _ quantities: [Quantity] = []) {
            if let message = DiscoveryAnnouncement.message(
                for: subject, quantities: quantities, prefix: prefix, version: Garage.version)
            {
                wanted.messages[message.topic] = message.payload
            }
        }
        func tell(_ word: String?, on topic: String) { wanted.messages[topic] = word.map { Array($0.utf8) } }

        for garage in try await views.garages() {
            tell("online", on: DiscoveryAnnouncement.availabilityTopic(of: garage))
        }
        for gate in try await views.gates() {
            announce(gate.subject)
            tell(
                gate.state?.rawValue ?? DiscoveryAnnouncement.unknown,
                on: DiscoveryAnnouncement.stateTopic(of: gate.subject))
            tell(
                gate.obstructed ? "obstructed" : "clear", on: DiscoveryAnnouncement.obstructionTopic(of: gate.subject))
            // Of a device that was never heard of it is not known that it is away.
            tell(
                gate.deviceOnline == false ? "offline" : "online",
                on: DiscoveryAnnouncement.availabilityTopic(ofGate: gate.subject))
        }
        for spot in try await views.spots() {
            announce(spot.subject)
            tell(spot.occupied ? "occupied" : "free", on: DiscoveryAnnouncement.stateTopic(of: spot.subject))
        }
        for sensor in try await views.sensors() {
            announce(sensor.subject, sensor.latest.map(\.quantity))
            for latest in sensor.latest {
                let topic = DiscoveryAnnouncement.stateTopic(of: sensor.subject, latest.quantity)
                tell("\(latest.value)", on: topic)
                wanted.measured[topic] = latest.time
            }
        }
        return wanted
    }

    private func publish(_ messages: [OutgoingMessage]) {
        for message in messages {
            server.post(
                LocalMessage(
                    topic: message.topic, payload: ByteBuffer(bytes: message.payload), qos: .atLeastOnce, retain: true))
        }
    }
}
