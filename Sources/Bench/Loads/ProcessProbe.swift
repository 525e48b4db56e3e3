import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a process used during a load.
public struct ProcessUse: Sendable, Hashable {
    public var cpuSeconds: Double
    /// At the end of the load.
    public var residentBytes: Int
    /// How much more of it than before the load; negative if memory was given back.
    public var residentGrowth: Int
}

/// Reads CPU time and resident memory of a process from /proc. Only Linux has it.
public struct ProcessProbe: Sendable, Hashable {
    public let pid: Int32

    public init(pid: Int32) { self.pid = pid }

    /// A reading, to be subtracted from a later one.
    public struct Sample: Sendable, Hashable {
        /// CPU nanoseconds by thread.
        var threads: [String: UInt64]
        /// Resident memory in bytes.
        public var residentBytes: Int

        /// What the process used between this and a later reading. Threads that ended meanwhile are not counted.
        public func use(until later: Sample) -> ProcessUse {
            var nanoseconds: UInt64 = 0
            for (thread, end) in later.threads {
                let start = threads[thread] ?? 0
                if end > start { nanoseconds += end - start }
            }
            return ProcessUse(
                cpuSeconds: Double(nanoseconds) / 1e9, residentBytes: later.residentBytes,
                residentGrowth: later.residentBytes - residentBytes)
        }
    }

    /// The process as it is now, or `nil` if there is none, or no /proc.
    public func sample() -> Sample? {
        guard let status = Self.read("/proc/\(pid)/status") else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard
            let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Int($0)
            })
        else { return nil }
        return Sample(threads: threads(), residentBytes: kilobytes * 1024)
    }

    /// Waits until the process has nothing left to do: Mosquitto goes on for two thirds of a second after it has
    /// delivered 300,000 messages to one client, and would take a processor from whoever is measured next.
    /// - Returns: whether it came to rest within `patience`, as a process that has ended does.
    public func rest(within patience: Duration) async throws -> Bool {
        let step = Duration.milliseconds(100)
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end {
            guard let before = sample() else { return true }
            try await Task.sleep(for: step)
            guard let after = sample() else { return true }
            if before.use(until: after).cpuSeconds < Self.restingShare * (step / .seconds(1)) { return true }
        }
        return false
    }

    /// What part of a processor a process at rest may use.
    private static let restingShare = 0.05

    /// The scheduler's own account is exact to the nanosecond; the account in clock ticks is for systems without it.
    private func threads() -> [String: UInt64] {
        var times: [String: UInt64] = [:]
        for thread in Self.entries("/proc/\(pid)/task") {
            guard let account = Self.read("/proc/\(pid)/task/\(thread)/schedstat"),
                let time = account.split(separator: " ").first.flatMap({ UInt64($0) })
            else { continue }
            times[thread] = time
        }
        if times.isEmpty, let time = ticks() { times["all"] = time }
        return times
    }

    private func ticks() -> UInt64? {
        guard let stat = Self.read("/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")") else { return nil }
        // Behind the name come the fields 3 and up; user and system time are 14 and 15.
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        let perSecond = UInt64(clamping: sysconf(Int32(_SC_CLK_TCK)))
        guard fields.count > 12, perSecond > 0, let user = UInt64(fields[11]), let system = UInt64(fields[12])
        else { return nil }
        return (user + system) * (1_000_000_000 / perSecond)
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = fread(&bytes, 1, bytes.count, file)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    private static func entries(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

/// The CPU time of the calling thread.
enum ThreadClock {
    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
