import Bench
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

        @Test("A process that is not there can't be watched")
        func nobody() {
            #expect(ProcessProbe(pid: Int32.max).sample() == nil)
        }
    }
#endif
