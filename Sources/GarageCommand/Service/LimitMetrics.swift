import GarageConfiguration
import Metrics

/// Reports every limit that is a number, by its key, so that a dashboard can show figures against their bounds.
enum LimitMetrics {
    static func report(_ configuration: ServiceConfiguration) {
        for (key, value) in configuration.values {
            guard key.isLimit, let number = Int(value) else { continue }
            Gauge(label: "limit", dimensions: [("key", key.rawValue)]).record(number)
        }
    }
}
