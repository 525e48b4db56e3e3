/// What comes to the garage from devices, people and time.
public enum Input: Hashable, Sendable {
    /// A device reported.
    case observed(Observation, by: Reporter)
    /// An MQTT client's connection was accepted.
    case clientConnected(String)
    /// An MQTT client's connection ended.
    case clientDisconnected(String, reason: DeviceDisconnected.Reason)
    /// Someone asked for a gate movement.
    case commandReceived(CommandRequest)
    /// The actuate message of a command was handed to this many connected devices.
    case actuated(commandID: String, receivers: Int)
    /// Time has passed: `GarageState.nextDeadline` says when this is due.
    case tick
    /// The service has started on a log that another run wrote.
    case restarted
}
