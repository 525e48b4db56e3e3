import NIOCore
import NIOPosix

extension MQTTServer {
    /// The loops that the broker is to run on: loops of its own on the system's sockets, or those of the group.
    static func eventLoops(
        _ configuration: Configuration, _ group: MultiThreadedEventLoopGroup
    ) -> [any EventLoop] {
        let all = Array(group.makeIterator())
        let channelLoops = configuration.eventLoops > 1 ? all : Array(all.prefix(1))
        #if os(Linux)
            if configuration.usesSystemSockets {
                let loops = channelLoops.indices.compactMap { try? SocketLoop(name: "mqtt-\($0)") }
                if loops.count == channelLoops.count { return loops }
            }
        #endif
        return channelLoops
    }

    /// Closes what a server left open that nobody holds any longer. A loop ends when nobody needs it.
    static func abandon(_ loops: [BrokerLoop]) {
        #if os(Linux)
            for case let sockets as SocketLoop in loops.map(\.eventLoop) {
                sockets.execute { sockets.poller.closeSockets() }
            }
        #endif
    }
}
