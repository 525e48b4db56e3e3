public import GarageDomain

/// What is set about a gate at present, by its owner and by the people who look after it.
public struct GateControls: Sendable, Hashable {
    public var mode: GateMode
    /// Whether it may be closed when nobody says that they see it.
    public var unattendedClose: GateSettings.UnattendedClose
    /// How long people are warned before that, in seconds, never less than 5.
    public var warningSeconds: Int
    /// Closing unattended has failed twice, and no person has allowed it again.
    public var isSuspended: Bool
    /// A swing or one-piece gate, which is never closed unattended.
    public var isOnePiece: Bool
    /// Why movements would be refused now; what is not named would be taken up.
    public var hindrances: [GateAction: CommandRejected.Reason]

    public init(
        mode: GateMode, unattendedClose: GateSettings.UnattendedClose, warningSeconds: Int, isSuspended: Bool,
        isOnePiece: Bool, hindrances: [GateAction: CommandRejected.Reason] = [:]
    ) {
        self.mode = mode
        self.unattendedClose = unattendedClose
        self.warningSeconds = warningSeconds
        self.isSuspended = isSuspended
        self.isOnePiece = isOnePiece
        self.hindrances = hindrances
    }

    init(
        of gate: Subject, in state: GarageState, settings: GarageSettings,
        hindrances: [GateAction: CommandRejected.Reason]
    ) {
        let own = state.settings(of: gate, settings)
        let status = state.gates[gate]
        self.init(
            mode: status?.mode ?? .normal, unattendedClose: own.unattendedClose,
            warningSeconds: max(own.warningSeconds, GateSettings.shortestWarningSeconds),
            isSuspended: status?.isUnattendedCloseSuspended ?? false, isOnePiece: own.isOnePiece,
            hindrances: hindrances)
    }
}
