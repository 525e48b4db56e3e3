/// One entry of `devices.rules`: its members as they are written, and where it stands.
public struct DeviceRuleSetting: Sendable, Hashable {
    /// For example `garage.yaml:12`.
    public var place: String
    /// `values` as `0=closed,1=open`; the parts of `command` as `command_topic`, `command_open`, …
    public var members: [String: String]

    public init(place: String, members: [String: String]) {
        self.place = place
        self.members = members
    }
}
