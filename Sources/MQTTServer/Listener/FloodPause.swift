import NIOCore
import Synchronization

/// In the pipeline of a listening socket: when so many connections more were refused than admitted, the next ones wait a
/// moment. A flood then leaves the processor to everyone else, and those who are within their bounds come in all the same:
/// it is a few thousand a second.
final class FloodPause: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = Never

    /// As many as are taken between two pauses of a flood.
    static let refusals = 12
    static let length = TimeAmount.milliseconds(1)

    /// Connections that were refused, less those that were admitted since.
    private let refusedOfLate = Atomic<Int>(0)
    private let gate: ConnectionGate

    init(gate: ConnectionGate) { self.gate = gate }

    /// What became of a connection; on any loop.
    func note(isAdmitted: Bool) {
        if !isAdmitted {
            refusedOfLate.wrappingAdd(1, ordering: .relaxed)
        } else if refusedOfLate.load(ordering: .relaxed) > 0 {
            refusedOfLate.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    func read(context: ChannelHandlerContext) {
        guard refusedOfLate.load(ordering: .relaxed) >= Self.refusals else { return context.read() }
        refusedOfLate.store(0, ordering: .relaxed)
        gate.countPause()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.length) {
            if bound.value.channel.isActive { bound.value.read() }
        }
    }
}
