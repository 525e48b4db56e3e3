import GarageDomain
import Logging
import Metrics
import ServiceLifecycle
import Views

/// Reports how things are in the garage, and how far the views are, to swift-metrics every few seconds.
struct GarageMetrics: Service {
    let views: Views
    let logger: Logger
    var interval: Duration = .seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await report()
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("figures of the garage can't be read", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: interval)
            }
        }
    }

    private func report() async throws {
        let status = views.status()
        for projection in status.projections {
            Gauge(label: "garage_projection_lag_events", dimensions: [("projection", projection.name)])
                .record(max(0, status.head - projection.position))
        }
        Gauge(label: "garage_event_log_position").record(status.head)
        Gauge(label: "garage_views_size_bytes").record(status.bytes)
        for gate in try await views.gates() {
            for state in GateState.allCases {
                Gauge(
                    label: "garage_gate_state", dimensions: [("gate", gate.subject.id), ("state", state.rawValue)]
                ).record(gate.state == state ? 1 : 0)
            }
            Gauge(label: "garage_gate_obstructed", dimensions: [("gate", gate.subject.id)])
                .record(gate.obstructed ? 1 : 0)
        }
        for spot in try await views.spots() {
            Gauge(label: "garage_spot_occupied", dimensions: [("spot", spot.subject.id)]).record(spot.occupied ? 1 : 0)
        }
        for sensor in try await views.sensors() {
            for latest in sensor.latest {
                let sensorID = [("sensor", sensor.subject.id)]
                switch latest.quantity {
                case .temperature:
                    Gauge(label: "garage_temperature_celsius", dimensions: sensorID).record(latest.value)
                case .humidity: Gauge(label: "garage_humidity_ratio", dimensions: sensorID).record(latest.value / 100)
                }
            }
        }
        for device in try await views.devices() {
            Gauge(label: "garage_device_last_seen_timestamp_seconds", dimensions: [("device", device.subject.id)])
                .record(Double(device.lastEvent.microseconds) / 1_000_000)
            Gauge(label: "garage_device_online", dimensions: [("device", device.subject.id)])
                .record(device.online ? 1 : 0)
        }
    }
}
