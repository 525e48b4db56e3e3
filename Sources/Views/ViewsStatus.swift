/// How the views stand.
public struct ViewsStatus: Sendable, Hashable {
    /// The last event applied and the last one in the log.
    public var position: Int64
    public var head: Int64
    /// The size of the views' files on disk.
    public var bytes: Int64
    /// The projections by name.
    public var projections: [Projection]

    /// One read model.
    public struct Projection: Sendable, Hashable {
        public var name: String
        public var position: Int64
        /// The event that it stopped at and why; `nil` while it follows the log.
        public var stop: Stop?

        public init(name: String, position: Int64, stop: Stop?) {
            self.name = name
            self.position = position
            self.stop = stop
        }
    }

    /// Why a projection does not go on.
    public struct Stop: Sendable, Hashable {
        /// The event that it can't apply.
        public var position: Int64
        public var reason: String

        public init(position: Int64, reason: String) {
            self.position = position
            self.reason = reason
        }
    }

    public init(position: Int64, head: Int64, bytes: Int64, projections: [Projection]) {
        self.position = position
        self.head = head
        self.bytes = bytes
        self.projections = projections
    }
}
