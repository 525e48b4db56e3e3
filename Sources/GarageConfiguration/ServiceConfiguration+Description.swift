/// Whoever writes a configuration down, or something that holds one, does not write its secrets down with it.
extension ServiceConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "ServiceConfiguration" }
    public var debugDescription: String { description }
}
