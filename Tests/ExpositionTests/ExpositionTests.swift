import CoreMetrics
import Exposition
import Testing

@Suite("Metrics as text")
struct ExpositionTests {
    private let registry = MetricsRegistry(prefix: "garage", help: ["garage_mqtt_connections": "Clients \\ now\nhere."])

    @Test("Counters, gauges and dimensions, as Prometheus reads them")
    func prometheus() {
        Counter(label: "mqtt.messages.received", dimensions: [("qos", "1")], factory: registry).increment(by: 3)
        Counter(label: "mqtt.messages.received", dimensions: [("qos", "0")], factory: registry).increment()
        Counter(label: "mqtt.messages.received", dimensions: [("qos", "1")], factory: registry).increment(by: 2)
        Gauge(label: "mqtt.connections", factory: registry).record(7)
        Gauge(label: "garage_temperature_celsius", dimensions: [("sensor", "a\"b\\c\nd")], factory: registry)
            .record(21.5)
        #expect(
            registry.text() == """
                # HELP garage_mqtt_connections Clients \\\\ now\\nhere.
                # TYPE garage_mqtt_connections gauge
                garage_mqtt_connections 7
                # TYPE garage_mqtt_messages_received_total counter
                garage_mqtt_messages_received_total{qos="0"} 1
                garage_mqtt_messages_received_total{qos="1"} 5
                # TYPE garage_temperature_celsius gauge
                garage_temperature_celsius{sensor="a\\"b\\\\c\\nd"} 21.5

                """)
    }

    @Test("OpenMetrics names counters without their ending and has an end")
    func openMetrics() {
        Counter(label: "events.appended", factory: registry).increment()
        #expect(
            registry.text(.openMetrics) == """
                # TYPE garage_events_appended counter
                garage_events_appended_total 1
                # EOF

                """)
    }

    @Test("Timers are histograms in seconds whose buckets add up")
    func timers() {
        let timer = Timer(label: "append.duration", factory: registry)
        timer.recordMilliseconds(2)
        timer.recordMilliseconds(200)
        timer.recordSeconds(60)
        let lines = registry.text().split(separator: "\n").map(String.init)
        #expect(lines.contains("# TYPE garage_append_duration_seconds histogram"))
        #expect(lines.contains("garage_append_duration_seconds_bucket{le=\"0.001\"} 0"))
        #expect(lines.contains("garage_append_duration_seconds_bucket{le=\"0.0025\"} 1"))
        #expect(lines.contains("garage_append_duration_seconds_bucket{le=\"10\"} 2"))
        #expect(lines.contains("garage_append_duration_seconds_bucket{le=\"+Inf\"} 3"))
        #expect(lines.contains("garage_append_duration_seconds_count 3"))
        #expect(lines.contains { $0.hasPrefix("garage_append_duration_seconds_sum 60.2") })
    }

    @Test("A counter never goes back, and what is no number is left out")
    func hostileValues() {
        let counter = FloatingPointCounter(label: "c", factory: registry)
        counter.increment(by: 2)
        counter.increment(by: -1)
        counter.increment(by: Double.nan)
        counter.increment(by: Double.infinity)
        let recorder = Recorder(label: "r", aggregate: true, factory: registry)
        recorder.record(Double.nan)
        recorder.record(3)
        let text = registry.text()
        #expect(text.contains("garage_c_total 2\n"))
        #expect(text.contains("garage_r_count 1\n"))
    }

    @Test("Names hold only what Prometheus takes; one name has one kind; a family has its bound")
    func names() {
        Gauge(label: "1 odd-näme", factory: registry).record(1)
        #expect(registry.text().contains("garage__odd_n_me 1\n") || registry.text().contains("garage___odd_n_me 1\n"))
        Gauge(label: "same", factory: registry).record(1)
        Recorder(label: "same", aggregate: true, factory: registry).record(5)
        #expect(registry.text().contains("garage_same 1\n"))
        for number in 0..<(MetricsRegistry.largestFamily + 5) {
            Gauge(label: "many", dimensions: [("n", "\(number)")], factory: registry).record(1)
        }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("garage_many{") }.count == MetricsRegistry.largestFamily)
        #expect(lines.contains("garage_metrics_series_dropped_total 6"))
    }

    @Test("The format is chosen by what the reader accepts")
    func negotiation() {
        #expect(ExpositionFormat(accept: nil) == .prometheus)
        #expect(ExpositionFormat(accept: "text/plain") == .prometheus)
        #expect(ExpositionFormat(accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5") == .openMetrics)
    }
}
