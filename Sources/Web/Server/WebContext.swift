public import Hummingbird
public import NIOCore

/// What every route of the API and the pages knows about its request.
public struct WebContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The client's address, behind a balancer the one that the balancer names; `nil` if the socket has none.
    public let peer: SocketAddress?
    /// The request came over the control socket, which only the service's own user can open.
    let isControl: Bool
    let channel: any Channel

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        peer = Self.client ?? source.channel.remoteAddress
        if case .unixDomainSocket? = source.channel.localAddress { isControl = true } else { isControl = false }
    }

    /// Whose connection the task serves, if it was found out.
    @TaskLocal static var client: SocketAddress?

    /// The longest request body that is read, in bytes.
    public var maxUploadSize: Int { WebContext.bodyLimit }

    /// The longest body that is read of the request under way, in bytes.
    public static var bodyLimit: Int { HTTPLimits.current.bodyBytes }
}
