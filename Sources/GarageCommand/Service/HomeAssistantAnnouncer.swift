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
/// Looks at the views at most once a second, so that a flood of readings does not become a flood of messages.
struct HomeAssistantAnnouncer: Service {
    let views: Views
    let server: MQTTServer
    let ingest: Ingest
    let prefix: String
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var retained = RetainedSet()
            var position: Int64 = -1
            var starts = ingest.homeAssistantStarts
            while !Task.isCancelled {
                let (now, nowStarted) = (views.position(), ingest.homeAssistantStarts)
                if nowStarted != starts { retained.forget() }
                if now != position || nowStarted != starts {
                    do {
                        publish(retained.update(to: try await wanted()))
                        (position, starts) = (now, nowStarted)
                    } catch {
                        logger.error("things can't be announced", metadata: ["error": "\(error)"])
                    }
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
        for garage in (try? await views.garages()) ?? [] {
            publish([
                OutgoingMessage(
                    topic: DiscoveryAnnouncement.availabilityTopic(of: garage), payload: Array("offline".utf8))
            ])
        }
    }

    /// Every retained message that there should be now.
    private func wanted() async throws -> [String: [UInt8]] {
        var wanted: [String: [UInt8]] = [:]
        func announce(_ subject: Subject, _ quantities: [Quantity] = []) {
            if let message = DiscoveryAnnouncement.message(
                for: subject, quantities: quantities, prefix: prefix, version: Garage.version)
            {
                wanted[message.topic] = message.payload
            }
        }
        for garage in try await views.garages() {
            wanted[DiscoveryAnnouncement.availabilityTopic(of: garage)] = Array("online".utf8)
        }
        for gate in try await views.gates() {
            announce(gate.subject)
            wanted[DiscoveryAnnouncement.stateTopic(of: gate.subject)] = gate.state.map { Array($0.rawValue.utf8) }
            wanted[DiscoveryAnnouncement.obstructionTopic(of: gate.subject)] = Array(
                (gate.obstructed ? "obstructed" : "clear").utf8)
        }
        for spot in try await views.spots() {
            announce(spot.subject)
            wanted[DiscoveryAnnouncement.stateTopic(of: spot.subject)] = Array(
                (spot.occupied ? "occupied" : "free").utf8)
        }
        for sensor in try await views.sensors() {
            announce(sensor.subject, sensor.latest.map(\.quantity))
            for latest in sensor.latest {
                wanted[DiscoveryAnnouncement.stateTopic(of: sensor.subject, latest.quantity)] = Array(
                    "\(latest.value)".utf8)
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
