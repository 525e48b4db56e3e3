import ServiceLifecycle

/// Says every few seconds how many log lines were left out.
struct LogOmissions: Service {
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                LogSetup.limit.tellOmissions()
            }
        }
    }
}
