public import GarageDomain

extension CommandText {
    /// No command is longer.
    static let longestPayload = 4096
    /// How much of a reason is kept.
    static let longestReason = 200

    /// Reads `OPEN`, `CLOSE` or `STOP` in any case, or `{"action":"open","id":"…","expires_in":10,"reason":"…",
    /// "attended":true}`.
    ///
    /// Anything doubtful gives no action: a gate moves only for a command that is understood in full.
    public init(payload: Span<UInt8>) {
        guard payload.count <= CommandText.longestPayload else {
            self.init(action: nil)
            return
        }
        if let action = GateAction(rawValue: payload.word()) {
            self.init(action: action)
        } else if case .object(let members)? = JSONReader.read(payload.copied()) {
            self.init(members)
        } else {
            self.init(action: nil)
        }
    }

    private init(_ members: [JSONValue.Member]) {
        var isUnderstood = true
        self.init(action: nil)
        for member in members {
            switch (member.key, member.value) {
            case ("action", .string(let word)):
                action = GateAction(rawValue: word.lowercased())
            case ("id", .string(let text)), ("id", .number(let text)):
                if CommandText.isID(text) { id = text } else { isUnderstood = false }
            case ("expires_in", .number(let text)):
                if let number = DecimalText(Array(text.utf8)[...])?.value, number.magnitude < 1e9 {
                    expiresInSeconds = Int(number.rounded(.down))
                } else {
                    isUnderstood = false
                }
            case ("reason", .string(let text)):
                reason = String(text.prefix(CommandText.longestReason))
            case ("attended", .bool(let attended)): isAttended = attended
            case ("id", .null), ("expires_in", .null), ("reason", .null), ("attended", .null): break
            case ("action", _), ("id", _), ("expires_in", _), ("reason", _), ("attended", _): isUnderstood = false
            default: break
            }
        }
        if !isUnderstood { action = nil }
    }

    /// 1 to 64 visible ASCII characters.
    private static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
