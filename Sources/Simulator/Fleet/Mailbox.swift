import MQTTClient
import NIOCore
import Synchronization

/// What one device has to do next, in order. Many may post; the device alone takes.
final class Mailbox: Sendable {
    enum Item: Sendable {
        case publish(DeviceMessage)
        /// Break the connection without a DISCONNECT.
        case drop
        /// The connection that this attempt made is gone.
        case closed(attempt: Int, MQTTClientError?)
        /// The pause before the next attempt to connect is over.
        case pauseOver
        /// Say goodbye and end. Returned again and again once posted.
        case shutDown
    }

    /// How a message was taken.
    enum Acceptance: Sendable {
        case accepted
        /// The device is not connected.
        case offline
        /// Too many messages wait already.
        case full
    }

    private struct State: Sendable {
        var items = CircularBuffer<Item>()
        var isOpen = false
        var isShutDown = false
        var waiter: CheckedContinuation<Item, Never>?
        var breakConnection: (@Sendable () -> Void)?
    }

    private static let limit = 512
    private let state = Mutex(State())

    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// Lets messages in from now on, the given ones first. `breakConnection` ends the connection at once.
    func open(with messages: [DeviceMessage], breakConnection: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.isOpen = true
            state.breakConnection = breakConnection
        }
        for message in messages { post(.publish(message)) }
    }

    /// Refuses messages from now on and forgets the waiting ones.
    /// - Returns: how many were forgotten.
    func close() -> Int {
        state.withLock { state in
            state.isOpen = false
            let kept = state.items.filter { if case .publish = $0 { false } else { true } }
            let forgotten = state.items.count - kept.count
            state.items = CircularBuffer(kept)
            return forgotten
        }
    }

    /// Adds a message for the broker, if the device is connected and keeps up.
    func offer(_ message: DeviceMessage) -> Acceptance {
        let acceptance = state.withLock { state -> Acceptance in
            if !state.isOpen || state.isShutDown { return .offline }
            return state.items.count < Mailbox.limit ? .accepted : .full
        }
        if acceptance == .accepted { post(.publish(message)) }
        return acceptance
    }

    func post(_ item: Item) {
        let waiter = state.withLock { state -> CheckedContinuation<Item, Never>? in
            if state.isShutDown { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.items.append(item)
            return nil
        }
        waiter?.resume(returning: item)
    }

    /// Makes every following `next` return `shutDown`; what still waits is forgotten.
    func shutDown() {
        let waiter = state.withLock { state -> CheckedContinuation<Item, Never>? in
            state.isShutDown = true
            state.items.removeAll()
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .shutDown)
    }

    /// Ends the connection at once, if there is one.
    func breakConnection() {
        state.withLock { $0.breakConnection }?()
    }

    func next() async -> Item {
        await withCheckedContinuation { continuation in
            let item = state.withLock { state -> Item? in
                if state.isShutDown { return .shutDown }
                if let item = state.items.popFirst() { return item }
                state.waiter = continuation
                return nil
            }
            if let item { continuation.resume(returning: item) }
        }
    }
}
