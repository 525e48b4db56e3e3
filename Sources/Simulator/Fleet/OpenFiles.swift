#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's limit on open files, of which every connection is one.
enum OpenFiles {
    /// Raises this process's limit to at least `count` if the system lets it.
    /// - Returns: whether that many files may be open.
    static func allow(_ count: Int) -> Bool {
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return true }
        let wanted = rlim_t(clamping: count)
        if limit.rlim_cur >= wanted { return true }
        guard limit.rlim_max >= wanted else { return false }
        limit.rlim_cur = wanted
        return setrlimit(kind, &limit) == 0
    }

    /// What to do about a limit that is too low for `devices`.
    static func advice(for devices: Int) -> String {
        """
        \(devices) devices need as many open files, but this system allows fewer; raise the limit with \
        `ulimit -Hn \(devices + 100)` as root, or simulate fewer devices
        """
    }

    #if canImport(Glibc)
        private static var kind: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
        private static var kind: Int32 { Int32(RLIMIT_NOFILE) }
    #endif
}
