import DeviceProfiles
import EventLog
import GarageConfiguration
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
    /// Says how often, and may say it otherwise at any time.
    let inForce: ConfigurationInForce
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: ContinuousClock.Instant?
            while !Task.isCancelled {
                let interval = inForce.current.headInterval
                // A log without any event has no garage yet; its first shall not wait that long.
                if last.map({ $0.duration(to: .now) >= .seconds(interval) }) ?? true {
                    last = await publish() > 0 ? .now : nil
                }
                let next = Duration.seconds(interval) - (last?.duration(to: .now) ?? .zero)
                try? await Task.sleep(for: min(.seconds(5), next))
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
