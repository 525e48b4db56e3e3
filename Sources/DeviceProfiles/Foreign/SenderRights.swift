/// What the sender of a message may do, where that is limited: an announcement must not make the service send or believe
/// what its author could not have said himself.
public struct SenderRights {
    /// The user that the things belong to which the sender reports; `nil` for one who reports for others.
    public var user: String?
    public var mayPublish: (_ topic: String) -> Bool
    public var maySubscribe: (_ topic: String) -> Bool
    /// Whether a user is a device no longer, so that what was its own is anybody's.
    public var isRemoved: (_ user: String) -> Bool

    public init(
        user: String?, mayPublish: @escaping (_ topic: String) -> Bool,
        maySubscribe: @escaping (_ topic: String) -> Bool, isRemoved: @escaping (_ user: String) -> Bool
    ) {
        self.user = user
        self.mayPublish = mayPublish
        self.maySubscribe = maySubscribe
        self.isRemoved = isRemoved
    }
}
