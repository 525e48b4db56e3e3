import Synchronization

/// Names that let requests in, as the configuration lists them. The list may be replaced while requests are served.
public final class AllowedNames: Sendable {
    private let names: Mutex<Set<String>>

    public init(_ names: [String] = []) { self.names = Mutex(Set(names)) }

    /// The names in force.
    public var current: Set<String> { names.withLock { $0 } }

    /// Puts other names in force for requests to come.
    public func replace(with names: [String]) {
        let new = Set(names)
        self.names.withLock { $0 = new }
    }
}
