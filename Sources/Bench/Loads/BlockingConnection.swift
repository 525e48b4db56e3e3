import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A TCP connection whose calls block, each at most for a given time. Closes when it goes.
///
/// Opening thousands of connections costs a tenth of what an event loop takes for it, so that the broker is the slower
/// side.
final class BlockingConnection {
    private let descriptor: Int32

    init(to address: SocketAddress, patience: TimeAmount) throws(LoadFault) {
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(address.protocol.rawValue, kind, 0)
        guard descriptor >= 0 else { throw Self.fault(errno) }
        self.descriptor = descriptor
        var time = timeval()
        time.tv_sec = .init(patience.nanoseconds / 1_000_000_000)
        time.tv_usec = .init(patience.nanoseconds % 1_000_000_000 / 1000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        let error = address.withSockAddr { place, size in
            connect(descriptor, place, socklen_t(size)) == 0 ? 0 : errno
        }
        // A call that takes longer than it may ends with EINPROGRESS here.
        guard error == 0 else { throw error == EINPROGRESS ? .notReady : Self.fault(error) }
    }

    deinit { close(descriptor) }

    func send(_ bytes: ByteBuffer) throws(LoadFault) {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes
        while rest.readableBytes > 0 {
            let count = rest.withUnsafeReadableBytes { systemSend(descriptor, $0, flags) }
            guard count > 0 else { throw Self.fault(errno) }
            rest.moveReaderIndex(forwardBy: count)
        }
    }

    /// The next `count` bytes.
    func receive(_ count: Int) throws(LoadFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = bytes.withUnsafeMutableBytes { room in
                recv(
                    descriptor, UnsafeMutableRawBufferPointer(rebasing: room[filled...]).baseAddress, count - filled, 0)
            }
            if more == 0 { throw .closedByServer }
            guard more > 0 else { throw Self.fault(errno) }
            filled += more
        }
        return bytes
    }

    private static func fault(_ error: Int32) -> LoadFault {
        switch error {
        case EAGAIN, EWOULDBLOCK: .timedOut
        case ECONNRESET, EPIPE: .closedByServer
        default: .unreachable(SystemError.text(error))
        }
    }
}

private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ flags: Int32) -> Int {
    send(descriptor, bytes.baseAddress, bytes.count, flags)
}

/// What the system calls its errors.
enum SystemError {
    static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
