import Foundation

enum Environment {
    /// The number in an environment variable.
    static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
