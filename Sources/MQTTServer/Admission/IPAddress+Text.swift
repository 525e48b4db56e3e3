#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension IPAddress: CustomStringConvertible {
    /// `192.0.2.1`, `2001:db8::1`.
    public var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            let found: Bool
            if isIPv4 {
                var address = UInt32(truncatingIfNeeded: low).bigEndian
                found = inet_ntop(AF_INET, &address, text.baseAddress, socklen_t(text.count)) != nil
            } else {
                var halves = (high.bigEndian, low.bigEndian)
                found = inet_ntop(AF_INET6, &halves, text.baseAddress, socklen_t(text.count)) != nil
            }
            guard found, let start = text.baseAddress else { return "" }
            return String(cString: start)
        }
    }
}
