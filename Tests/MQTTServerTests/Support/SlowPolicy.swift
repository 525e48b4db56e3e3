import Foundation
import MQTTBroker
import MQTTCodec
import Synchronization

/// Holds every acknowledgement until the test releases it.
final class SlowPolicy: BrokerPolicy {
    private let held = Mutex<[HoldTicket]>([])

    var count: Int { held.withLock { $0.count } }

    func take(_ count: Int) -> [HoldTicket] {
        held.withLock { held in
            let taken = Array(held.prefix(count))
            held.removeFirst(taken.count)
            return taken
        }
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        let ticket = publish.ticket
        held.withLock { $0.append(ticket) }
        return .hold(retained: false)
    }
}

/// The memory of the test's own process, in which the broker runs.
enum ResidentMemory {
    static func bytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
