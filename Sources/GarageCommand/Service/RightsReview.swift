import Access
import MQTTServer
import ServiceLifecycle

/// Has the broker look at the rights of the connected clients when tokens or devices have changed or expired: what a
/// client may not read any more does not go on coming.
struct RightsReview: Service {
    /// What rights follow from.
    private struct Standing: Equatable {
        var devices: DeviceCredentials
        /// Tokens that are valid.
        var tokens: [String: Set<Permission>]
    }

    /// Devices and tokens may be a second old where rights are checked; with the second look a change is in force.
    private static let interval = Duration.seconds(1)
    private static let looksAfterChange = 2

    let devices: DeviceRegistry
    let registry: AccessRegistry
    let server: MQTTServer

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var seen = standing()
            var due = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                let now = standing()
                if now != seen { due = Self.looksAfterChange }
                seen = now
                guard due > 0 else { continue }
                due -= 1
                server.reviewRights()
            }
        }
    }

    private func standing() -> Standing {
        var tokens: [String: Set<Permission>] = [:]
        for token in registry.tokens { tokens[token.name] = registry.validToken(named: token.name)?.scopes }
        return Standing(devices: devices.credentials, tokens: tokens)
    }
}
