/// What sessions may keep beyond the limits in force, because they had it when the limits were lowered. It only shrinks.
struct Allowances {
    struct Amount {
        var messages = 0
        var bytes = 0
    }

    /// By client identifier.
    var sessions: [String: Amount] = [:]
    /// All sessions together.
    var total = Amount()
}
