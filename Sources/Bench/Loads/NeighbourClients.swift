import MQTTCodec
import NIOCore
import NIOPosix

/// A ``Neighbour`` at work, on a thread of its own.
struct NeighbourClients {
    /// 100,000 messages a second in all. Without a pause the clients that are measured would wait for a processor rather
    /// than for the broker.
    private static let messagesAtOnce = 200
    private static let pause = TimeAmount.milliseconds(2)
    private static let payloadBytes = 256

    private let group: MultiThreadedEventLoopGroup
    private let channels: [any Channel]

    /// Connects and begins.
    static func start(_ neighbour: Neighbour, to broker: BrokerAddress) async throws -> NeighbourClients {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let name = "bench-" + String(UInt32.random(in: 1 ... .max), radix: 36)
            var channels: [any Channel] = []
            if neighbour == .deadSubscriber {
                let subscription = Subscription(filter: "\(name)/neighbour", qos: .atMostOnce)
                var hello = try encoded(broker.connect(clientID: "\(name)-ns"))
                var subscribe = try encoded(.subscribe(Subscribe(packetID: 1, subscriptions: [subscription])))
                hello.writeBuffer(&subscribe)
                channels.append(try await connect(to: broker, on: group, reads: false, hello))
            }
            let hello = try encoded(broker.connect(clientID: "\(name)-np"))
            let publisher = try await connect(to: broker, on: group, reads: true, hello)
            channels.append(publisher)
            let payload = ByteBuffer(repeating: 0x78, count: payloadBytes)
            var burst = ByteBuffer()
            for _ in 0..<messagesAtOnce {
                let publish = Publish(topic: "\(name)/neighbour", payload: payload, qos: .atMostOnce)
                try Packet.publish(publish).encode(into: &burst, version: .v3_1_1)
            }
            publisher.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [burst] task in
                guard publisher.isActive else { return task.cancel() }
                if publisher.isWritable { publisher.writeAndFlush(burst, promise: nil) }
            }
            return NeighbourClients(group: group, channels: channels)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Ends the clients and says whether the broker had kept them until then, which a flood need not expect.
    func stop() async -> Bool {
        let areKept = channels.allSatisfy(\.isActive)
        for channel in channels { try? await channel.close() }
        try? await group.shutdownGracefully()
        return areKept
    }

    private static func connect(
        to broker: BrokerAddress, on group: MultiThreadedEventLoopGroup, reads: Bool, _ hello: ByteBuffer
    ) async throws -> any Channel {
        let channel = try await ClientBootstrap(group: group)
            .connectTimeout(.seconds(10))
            .channelOption(.autoRead, value: reads)
            .connect(host: broker.host, port: broker.port).get()
        try await channel.writeAndFlush(hello)
        return channel
    }

    private static func encoded(_ packet: Packet) throws -> ByteBuffer {
        var bytes = ByteBuffer()
        try packet.encode(into: &bytes, version: .v3_1_1)
        return bytes
    }
}
