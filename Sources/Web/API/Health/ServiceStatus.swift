/// Whether the parts of the service do their work, for `GET /readyz`.
public struct ServiceStatus: Sendable, Hashable {
    /// One part.
    public struct Check: Sendable, Hashable {
        /// For example `broker`.
        public var name: String
        public var isPassing: Bool
        /// What a person should know, above all if it does not pass.
        public var detail: String?

        public init(name: String, isPassing: Bool, detail: String? = nil) {
            self.name = name
            self.isPassing = isPassing
            self.detail = detail
        }
    }

    public var checks: [Check]

    public init(checks: [Check]) { self.checks = checks }

    /// Whether every check passes.
    public var isReady: Bool { checks.allSatisfy(\.isPassing) }
}
