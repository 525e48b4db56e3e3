#if os(Linux)
    import Dispatch
    import MQTTBroker
    import MQTTCodec
    import NIOCore
    import Testing

    @testable import MQTTServer

    @Suite("A listener that is flooded lets others have their turn", .serialized)
    struct ListenerPauseTests {
        private func pauses(
            loops: Int, limits: BrokerLimits = BrokerLimits(), perAddress: Int = 0, usesChannels: Bool = false
        ) async throws -> Int {
            var pauses = 0
            try await RunningServer.with(loops: loops, limits: limits) {
                $0.admission.maximumConnectionsPerAddress = perAddress
                $0.admission.exempt = []
                $0.usesSystemSockets = !usesChannels
            } _: { running in
                let first = try await WireClient.connect(port: running.port, "first")
                // All of them wait when the listener's loop looks again.
                let gate = running.server.gate
                let busy = DispatchSemaphore(value: 0)
                running.server.firstLoop.eventLoop.execute { busy.wait() }
                for _ in 0..<100 { _ = try await WireClient.open(port: running.port) }
                busy.signal()
                try await eventually {
                    let figures = await running.server.statistics()
                    let refused = figures.connectionsRefused + gate.figures.tooManyConnections
                    return refused + figures.connectionsOpened == 101
                }
                pauses = gate.figures.pauses
                try await first.send(.pingreq)
                #expect(try await first.next() == .pingresp)
            }
            return pauses
        }

        @Test("When all places are taken", arguments: [1, 2])
        func allPlaces(loops: Int) async throws {
            var limits = BrokerLimits()
            limits.maximumConnections = 1
            #expect(try await pauses(loops: loops, limits: limits) >= 100 / 16)
        }

        @Test("When an address has all of its own", arguments: [false, true])
        func address(usesChannels: Bool) async throws {
            #expect(try await pauses(loops: 1, perAddress: 1, usesChannels: usesChannels) >= 100 / 16)
        }

        @Test("Not for connections that are taken")
        func taken() async throws {
            for usesChannels in [false, true] {
                #expect(try await pauses(loops: 1, usesChannels: usesChannels) == 0)
            }
        }
    }
#endif
