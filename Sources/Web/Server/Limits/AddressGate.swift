public import NIOCore

/// Counts what clients do by their address.
public protocol AddressGate: Sendable {
    /// Counts a connection for as long as it lasts, or says that its address has too many or opens them too fast.
    /// - Parameter client: its address; behind a balancer the one that the balancer names.
    func admit(_ channel: any Channel, from client: SocketAddress?) -> Bool

    /// Takes note of a connection that came past the balancer and is closed.
    func refuseProxy(_ peer: SocketAddress?)

    /// Under what name an address is counted: several addresses of one owner have the same; `nil` if it is not counted.
    func name(of address: SocketAddress) -> String?
}
