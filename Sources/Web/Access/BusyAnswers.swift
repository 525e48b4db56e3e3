import Metrics

/// What is told when too many passwords and PINs wait to be checked already. Counted, as a flood of guesses shows in it.
struct BusyAnswers: Sendable {
    /// What was not checked.
    enum Secret: String, CaseIterable, Sendable {
        case password
        case pin
    }

    /// The seconds after which to try again: a full queue takes about two.
    static let pause = "3"

    private let counters = Dictionary(
        uniqueKeysWithValues: Secret.allCases.map { secret in
            (secret, Counter(label: "garage_http_checks_refused_total", dimensions: [("secret", secret.rawValue)]))
        })

    func count(_ secret: Secret) { counters[secret]?.increment() }
}
