import DeviceProfiles
import GarageDomain
import Logging
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import ServiceLifecycle
import Views
import Web

/// Publishes every event that the views have taken in as a CloudEvent on `garage/<garage>/events`.
struct EventBroadcast: Service {
    let views: Views
    let server: MQTTServer
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var feed = views.liveEvents(after: views.position())
            while !Task.isCancelled {
                do {
                    guard try await feed.isBehind(waitingAtMost: .seconds(5)) else { continue }
                    let end = views.position()
                    guard await isAnyoneThere() else {
                        feed.skip(through: end)
                        continue
                    }
                    await publish(try await feed.next(waitingAtMost: .seconds(5)))
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("events can't be read for MQTT", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    /// Whether anyone would get an event, so that it has to be read at all.
    private func isAnyoneThere() async -> Bool {
        for garage in views.garagesSinceStart() {
            if await server.hasReceivers(of: NativeProfile.eventsTopic(of: garage)) { return true }
        }
        return false
    }

    private func publish(_ rows: [EventRow]) async {
        // Whoever subscribes after this was not there when these events happened.
        var isWanted: [Name: Bool] = [:]
        for row in rows {
            guard let garage = row.subject?.garage else { continue }
            if isWanted[garage] == nil {
                isWanted[garage] = await server.hasReceivers(of: NativeProfile.eventsTopic(of: garage))
            }
            if isWanted[garage] == true { publish(row, of: garage) }
        }
    }

    private func publish(_ row: EventRow, of garage: Name) {
        var properties = Properties()
        properties.contentType = "application/cloudevents+json; charset=utf-8"
        server.post(
            LocalMessage(
                topic: NativeProfile.eventsTopic(of: garage), payload: ByteBuffer(bytes: CloudEvent.json(row)),
                qos: .atLeastOnce, properties: properties))
    }
}
