import NIOCore
import NIOPosix

/// Why a load has no result.
public enum LoadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Nobody listens there.
    case unreachable(host: String, port: Int, reason: String)
    /// The load makes no sense, and why.
    case invalid(String)

    public var description: String {
        switch self {
        case .unreachable(let host, let port, let reason): "nobody answers on \(host):\(port): \(reason)"
        case .invalid(let mistake): mistake
        }
    }
}

/// A thread with an event loop for one load.
enum LoadLoop {
    /// Calls `begin` on a new event loop with the server's address, and waits until it keeps the promise.
    static func run<Result: Sendable>(
        to host: String, port: Int,
        _ begin: @escaping @Sendable (any EventLoop, SocketAddress, EventLoopPromise<Result>) throws -> Void
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let result: Swift.Result<Result, any Error>
        do {
            let address = try await findAddress(host, port, on: loop)
            let promise = loop.makePromise(of: Result.self)
            loop.execute {
                do { try begin(loop, address, promise) } catch { promise.fail(error) }
            }
            result = .success(try await promise.futureResult.get())
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        return try result.get()
    }

    /// The address on which the server answers, found once, so that no name is looked up within a measurement.
    private static func findAddress(_ host: String, _ port: Int, on loop: any EventLoop) async throws -> SocketAddress {
        do {
            let channel = try await ClientBootstrap(group: loop).connectTimeout(.seconds(10))
                .connect(host: host, port: port).get()
            let address = channel.remoteAddress
            try await channel.close().get()
            guard let address else { throw ChannelError.ioOnClosedChannel }
            return address
        } catch {
            throw LoadError.unreachable(host: host, port: port, reason: reason(error))
        }
    }

    /// The system's word for why there is no connection, without what the library says around it.
    private static func reason(_ error: any Error) -> String {
        let causes = (error as? NIOConnectionError)?.connectionErrors.map(\.error) ?? []
        let codes = causes.compactMap { ($0 as? IOError)?.errnoCode }
        return codes.last.map { SystemError.text($0) } ?? "\(error)"
    }
}
