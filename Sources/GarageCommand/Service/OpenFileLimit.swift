import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's limit on open files, of which every connection is one. Shells and service managers start programs with
/// a soft limit of about a thousand and a hard one far above.
enum OpenFileLimit {
    /// What the process opens beside the clients' connections: the log, databases, listeners, pages.
    private static let others = 512

    /// Raises the soft limit to what so many clients need, as far as the hard limit lets it, and says so in the log where
    /// that is less.
    static func raise(forClients clients: Int, logger: Logger) {
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return }
        let (count, overflows) = clients.addingReportingOverflow(others)
        let wanted = rlim_t(clamping: overflows ? Int.max : count)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        guard setrlimit(kind, &limit) != 0 || limit.rlim_cur < wanted else { return }
        logger.warning(
            "the system allows fewer open files than mqtt.maximum_connections needs",
            metadata: ["open_files": "\(limit.rlim_cur)", "maximum_connections": "\(clients)"])
    }

    #if canImport(Glibc)
        private static var kind: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
        private static var kind: Int32 { Int32(RLIMIT_NOFILE) }
    #endif
}
