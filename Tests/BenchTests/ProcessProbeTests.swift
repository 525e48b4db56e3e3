import Bench
import Foundation
import Testing

#if os(Linux)
    import Glibc

    @Suite("The watched process")
    struct ProcessProbeTests {
        @Test("CPU time and memory of this process grow with its work")
        func thisProcess() throws {
            let probe = ProcessProbe(pid: getpid())
            let before = try #require(probe.sample())
            var block = [UInt8](repeating: 1, count: 64 << 20)
            let deadline = ContinuousClock.now + .milliseconds(50)
            while ContinuousClock.now < deadline { block[Int(block[7])] &+= 2 }
            let use = before.use(until: try #require(probe.sample()))
            #expect(use.cpuSeconds > 0.005)
            #expect(use.residentBytes > 64 << 20 && use.residentGrowth > 32 << 20)
            #expect(block[0] != 200)
        }

        @Test("A process is at rest when it has nothing to do, not while it works")
        func rest() async throws {
            let (worker, sleeper) = (Process(), Process())
            for (process, script) in [(worker, "while :; do :; done"), (sleeper, "read line")] {
                process.executableURL = URL(filePath: "/bin/sh")
                process.arguments = ["-c", script]
                process.standardInput = Pipe()
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
            }
            // Whether or not the tests were started in a way that has children ignore the milder signals.
            defer { for process in [worker, sleeper] { kill(process.processIdentifier, SIGKILL) } }
            #expect(try await !ProcessProbe(pid: worker.processIdentifier).rest(within: .milliseconds(400)))
            #expect(try await ProcessProbe(pid: sleeper.processIdentifier).rest(within: .seconds(30)))
            #expect(try await ProcessProbe(pid: .max).rest(within: .seconds(30)))
        }

        @Test("A process that is not there can't be watched")
        func nobody() {
            #expect(ProcessProbe(pid: Int32.max).sample() == nil)
        }
    }
#endif
