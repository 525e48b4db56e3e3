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
                    for row in try await feed.next(waitingAtMost: .seconds(5)) { publish(row) }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("events can't be read for MQTT", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    private func publish(_ row: EventRow) {
        guard let garage = row.subject?.garage else { return }
        var properties = Properties()
        properties.contentType = "application/cloudevents+json; charset=utf-8"
        server.post(
            LocalMessage(
                topic: NativeProfile.eventsTopic(of: garage), payload: ByteBuffer(bytes: CloudEvent.json(row)),
                qos: .atLeastOnce, properties: properties))
    }
}
