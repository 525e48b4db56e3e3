#if os(Linux)
    import CEpoll

    /// The address and port at the other end of a connection, as the system gives them.
    struct PeerAddress: Sendable, CustomStringConvertible {
        let ip: IPAddress
        let port: Int

        /// `nil` for an address that is not IP.
        init?(_ address: cepoll_address) {
            guard address.is_ip != 0 else { return nil }
            ip = IPAddress(high: address.high, low: address.low)
            port = Int(address.port)
        }

        /// `192.0.2.7:50312`, `[2001:db8::7]:50312`.
        var description: String { ip.isIPv4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
    }
#endif
