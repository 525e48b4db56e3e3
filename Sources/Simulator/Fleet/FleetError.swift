import MQTTClient
import MQTTCodec

/// Why a fleet cannot start, in words that say what to do.
public enum FleetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The options contradict each other or are out of range.
    case options(String)
    /// Nothing accepts connections at this address.
    case nothingListens(address: String)
    /// The broker is there, but does not let the devices in.
    case refused(String)
    /// The broker is there, but has no time for the devices now.
    case busy(address: String, reason: String)
    /// The broker cannot be reached for another reason.
    case unreachable(address: String, reason: String)

    public var description: String {
        switch self {
        case .options(let problem): problem
        case .nothingListens(let address): "nothing listens on \(address); start `garage serve` first"
        case .refused(let explanation): explanation
        case .busy(let address, let reason): "the broker at \(address) does not take connections now: \(reason)"
        case .unreachable(let address, let reason): "no connection to the broker at \(address): \(reason)"
        }
    }

    /// Whether trying again soon makes sense.
    var isTemporary: Bool {
        switch self {
        case .options, .refused: false
        case .nothingListens, .busy, .unreachable: true
        }
    }

    init(connecting error: MQTTClientError, options: SimulationOptions) {
        let address = options.address
        switch error {
        case .unreachable(let reason) where reason.contains("Connection refused"):
            self = .nothingListens(address: address)
        case .unreachable(let reason):
            self = .unreachable(address: address, reason: FleetError.shortened(reason))
        case .refused(.badUserNameOrPassword, _), .refused(.notAuthorized, _):
            let user = options.username.map { "the user '\($0)'" } ?? "devices without a user name"
            self = .refused("the broker at \(address) refuses \(user); give --username and --password that it knows")
        case .refused(let code, _) where [.serverUnavailable, .serverBusy, .connectionRateExceeded].contains(code):
            self = .busy(address: address, reason: "\(code)")
        case .refused(let code, let reason):
            self = .refused("the broker at \(address) refuses the devices: \(reason ?? "\(code)")")
        case .timeout(.connack):
            self = .unreachable(address: address, reason: "something listens there, but it does not answer as a broker")
        default:
            self = .unreachable(address: address, reason: error.description)
        }
    }

    /// The system's own words out of the network library's description of all that it tried.
    private static func shortened(_ reason: String) -> String {
        if reason.contains("UnknownHost") { return "the host name is not known" }
        guard let end = reason.firstRange(of: " (errno") else { return reason }
        let words = reason[..<end.lowerBound]
        return words.lastIndex(of: ":").map { String(words[words.index(after: $0)...].drop { $0 == " " }) } ?? reason
    }
}
