import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The clocks and limits of a store.
public struct StoreOptions: Sendable {
    /// The broker's clock, in nanoseconds.
    public var monotonic: @Sendable () -> UInt64 = { NIODeadline.now().uptimeNanoseconds }
    /// Microseconds since 1970, on which deadlines go on while the process does not run.
    public var wall: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000
    }
    /// A transaction takes no further batch once it has this many changes.
    public var batchChanges = 8192
    /// How often the disk is tried again after a commit failed.
    public var probeInterval: Duration = .seconds(2)
    /// How long to wait before a file that can't be opened is tried again, in microseconds.
    package var pauseMicroseconds: UInt32 = 200_000

    // For tests: faults where they really come from.
    /// The most pages of 4 KiB that the file may have, asked at each transaction; SQLite then says that the disk is full.
    package var pageLimit: (@Sendable () -> Int)?
    /// Runs in the place of a commit that fails if this throws.
    package var beforeCommit: (@Sendable () throws -> Void)?

    public init() {}
}

/// Turns deadlines on the broker's clock, which begins anew with each start of the machine, into times, and back.
struct DeadlineClock {
    let monotonic: UInt64
    let wall: Int64

    init(_ options: StoreOptions) {
        monotonic = options.monotonic()
        wall = options.wall()
    }

    /// Microseconds since 1970; 0 stands for never on both sides.
    func time(of deadline: UInt64) -> Int64 {
        guard deadline != 0 else { return 0 }
        let distance =
            deadline >= monotonic
            ? Int64(clamping: (deadline - monotonic) / 1000) : -Int64(clamping: (monotonic - deadline) / 1000)
        let (time, overflows) = wall.addingReportingOverflow(distance)
        return overflows ? .max : max(1, time)
    }

    /// A time that has passed becomes a deadline that has.
    func deadline(of time: Int64) -> UInt64 {
        guard time > 0 else { return 0 }
        guard time > wall else { return max(1, monotonic) }
        let (distance, overflows) = UInt64(time - wall).multipliedReportingOverflow(by: 1000)
        let (deadline, exceeds) = monotonic.addingReportingOverflow(distance)
        return overflows || exceeds ? .max : max(1, deadline)
    }
}
