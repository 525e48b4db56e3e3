/// A listening socket, whatever serves it.
struct OpenListener: Sendable {
    /// The port that it has; `nil` for a Unix socket.
    var port: Int?
    /// Takes no more connections.
    var close: @Sendable () async -> Void
}
