import DeviceProfiles
import EventLog
import GarageDomain
import Logging
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import ServiceLifecycle
import Views

/// Publishes the log's signed head, retained, at the start and then every hour, or as often as is configured, on
/// `garage/<garage>/log/head` of each garage: whoever keeps what comes there can prove later that the log was not rewritten
/// (`garage verify --check-head`).
struct HeadPublisher: Service {
    let log: EventLog
    let key: HeadKey
    let views: Views
    let server: MQTTServer
    /// In seconds.
    let interval: Int
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A log without any event has no garage yet; its first shall not wait that long.
                try? await Task.sleep(for: await publish() > 0 ? .seconds(interval) : .seconds(min(5, interval)))
            }
        }
    }

    /// Returns to how many topics it published.
    private func publish() async -> Int {
        do {
            let garages = try await views.garages()
            let text = try key.sign(log.chainHeads, at: WallClock.microseconds()).text
            var properties = Properties()
            properties.contentType = "application/json"
            for garage in garages {
                server.post(
                    LocalMessage(
                        topic: NativeProfile.headTopic(of: garage), payload: ByteBuffer(string: text),
                        qos: .atLeastOnce, retain: true, properties: properties))
            }
            return garages.count
        } catch is CancellationError {
            return 0
        } catch {
            logger.error("the log's head can't be published", metadata: ["reason": "\(error)"])
            return 0
        }
    }
}
