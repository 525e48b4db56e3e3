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
    /// The warning before a command was handed to this many connected devices.
    case warned(commandID: String, receivers: Int)
    /// A person lets a gate take commands, or not.
    case modeSet(Subject, GateMode, reason: String?)
    /// A person decides whether a gate may be closed unattended.
    case unattendedCloseSet(Subject, GateSettings.UnattendedClose)
    /// A person allows a gate's unattended close again.
    case unattendedCloseResumed(Subject)
    /// A person has taken note of the event at a position; if it is an alert, of this condition.
    case acknowledged(Subject, position: Int64, condition: String?)
    /// Time has passed: `GarageState.nextDeadline` says when this is due.
    case tick
    /// The machine's clock was set by this much; the time of the input is the new one.
    case clockChanged(garage: Name, milliseconds: Int64)
    /// The service has started on a log that another run wrote.
    case restarted
}
