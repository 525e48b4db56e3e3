import Foundation

/// `DIR/listening.json`: the addresses that the running service is bound to, for programs that start it on port 0.
///
/// The file appears when every listener is bound and goes at a clean stop.
struct ListeningFile: Codable, Sendable {
    var mqtt: String?
    var mqttTLS: String?
    var mqttWebSocket: String?
    var mqttSecureWebSocket: String?
    var mqttUnix: String?
    var http: String?
    var pid: Int32

    enum CodingKeys: String, CodingKey {
        case mqtt, mqttTLS = "mqtt_tls", mqttWebSocket = "mqtt_ws"
        case mqttSecureWebSocket = "mqtt_wss", mqttUnix = "mqtt_unix", http, pid
    }

    private static func path(in folder: String) -> String { folder + "/listening.json" }

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(self).write(to: URL(filePath: Self.path(in: folder)), options: .atomic)
        } catch {
            throw Failure("'\(Self.path(in: folder))' can't be written: \(error.localizedDescription)")
        }
    }

    static func remove(from folder: String) {
        try? FileManager.default.removeItem(atPath: path(in: folder))
    }

    /// The addresses of the service that runs on `folder`. Throws a ``Failure`` if none runs there.
    static func read(from folder: String) throws -> ListeningFile {
        guard let data = FileManager.default.contents(atPath: path(in: folder)),
            let file = try? JSONDecoder().decode(ListeningFile.self, from: data),
            kill(file.pid, 0) == 0 || errno == EPERM
        else {
            throw Failure(
                "no garage service runs on the data folder '\(folder)'; start one with 'garage serve --data \(folder)'")
        }
        return file
    }
}
