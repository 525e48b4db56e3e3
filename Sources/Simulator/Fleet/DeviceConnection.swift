import GarageDomain
import MQTTClient
import MQTTCodec
import NIOCore
import Synchronization

/// One device's connection to the broker.
final class DeviceConnection: Sendable {
    /// Messages that may wait for their acknowledgement at the same time.
    private static let window = 64
    private static let keepAlive: UInt16 = 30

    private let client: MQTTClient
    private let device: SimulatedDevice
    private let statistics: StatisticsBoard
    private let inFlight = Atomic<Int>(0)

    private init(_ client: MQTTClient, _ device: SimulatedDevice, _ statistics: StatisticsBoard) {
        self.client = client
        self.device = device
        self.statistics = statistics
    }

    /// Connects the device, with `offline` as its last will, and subscribes to the commands of its gate if it has one.
    /// Nothing that was sent while it was away comes later: a gate must not move for a command of yesterday.
    /// - Parameters:
    ///   - onActuate: is called for each command to the device's gate.
    ///   - onClose: is called once when the connection has ended, with the reason unless the device ended it.
    static func open(
        _ device: SimulatedDevice, options: SimulationOptions, statistics: StatisticsBoard, on loop: any EventLoop,
        onActuate: @escaping @Sendable (GateAction) -> Void, onClose: @escaping @Sendable (MQTTClientError?) -> Void
    ) async throws(FleetError) -> DeviceConnection {
        var settings = MQTTClient.Options(host: options.host, port: options.port, clientID: device.name.text)
        // Both versions are in the field; the gates speak the newer one.
        settings.version = device.actuateTopic == nil ? .v3_1_1 : .v5
        settings.keepAliveSeconds = keepAlive
        settings.userName = options.username
        settings.password = options.password
        settings.will = Will(
            topic: device.statusTopic, payload: ByteBuffer(string: "offline"), qos: .atLeastOnce, retain: true)
        settings.connectTimeout = .seconds(3)
        let client: MQTTClient
        do throws(MQTTClientError) {
            client = try await MQTTClient.connect(
                settings, on: loop,
                onMessage: { message in
                    // A retained message would move the gate at every connect.
                    guard !message.retain, message.topic == device.actuateTopic,
                        let action = GateAction(rawValue: String(buffer: message.payload).lowercased())
                    else { return }
                    onActuate(action)
                },
                onClose: onClose)
        } catch {
            throw FleetError(connecting: error, options: options)
        }
        do throws(FleetError) {
            if let topic = device.actuateTopic { try await subscribe(client, to: topic, options: options) }
        } catch {
            client.abort()
            throw error
        }
        return DeviceConnection(client, device, statistics)
    }

    private static func subscribe(
        _ client: MQTTClient, to topic: String, options: SimulationOptions
    ) async throws(FleetError) {
        let answers: [ReasonCode]
        do throws(MQTTClientError) {
            answers = try await client.subscribe([(topic, .atLeastOnce)])
        } catch {
            throw FleetError(connecting: error, options: options)
        }
        if let refusal = answers.first(where: \.isError) {
            throw FleetError.refused("the broker refuses the subscription to \(topic): \(refusal)")
        }
    }

    /// Sends a message, and counts what becomes of it. Messages arrive in the order of the calls. Waits only while many
    /// are not acknowledged yet.
    func publish(_ message: DeviceMessage) async {
        statistics.update { $0.sent += 1 }
        let payload = ByteBuffer(bytes: message.payload)
        let qos: QoS = message.isAcknowledged ? .atLeastOnce : .atMostOnce
        if inFlight.load(ordering: .relaxed) < DeviceConnection.window {
            inFlight.add(1, ordering: .relaxed)
            client.send(topic: message.topic, payload: payload, qos: qos, retain: message.retain) { result in
                self.inFlight.subtract(1, ordering: .relaxed)
                self.count(result, isAcknowledged: message.isAcknowledged)
            }
        } else {
            do throws(MQTTClientError) {
                try await client.publish(topic: message.topic, payload: payload, qos: qos, retain: message.retain)
                count(.success(()), isAcknowledged: message.isAcknowledged)
            } catch {
                count(.failure(error), isAcknowledged: message.isAcknowledged)
            }
        }
    }

    /// Says `offline`, waits until the broker has heard it, and disconnects.
    func goodbye() async {
        try? await client.publish(
            topic: device.statusTopic, payload: ByteBuffer(string: "offline"), qos: .atLeastOnce, retain: true)
        await client.disconnect()
    }

    /// Breaks the connection without a DISCONNECT, so that the broker publishes the last will.
    func abort() { client.abort() }

    private func count(_ result: Result<Void, MQTTClientError>, isAcknowledged: Bool) {
        switch result {
        case .success: if isAcknowledged { statistics.update { $0.acknowledged += 1 } }
        case .failure(let error):
            statistics.update {
                $0.lost += 1
                if error != .closed { $0.lastProblem = error.description }
            }
        }
    }
}
