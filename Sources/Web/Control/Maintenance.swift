public import Views

/// What the owner of the service does to its data while it runs, from the command line.
public protocol Maintenance: Sendable {
    /// How far the views are.
    func viewsStatus() -> ViewsStatus

    /// Builds views anew, all or those named, beside those that are in use. `progress` is told the position and the log's
    /// head now and then. Throws a `ViewsError`.
    func rebuildViews(
        _ names: [String]?, progress: @escaping @Sendable (_ position: Int64, _ head: Int64) -> Void
    ) async throws

    /// Blanks what the log holds of an actor, and builds the views anew without it. Returns how many events were blanked and
    /// the position of the event that says so, or `nil` if the log has none of that actor.
    func erase(
        actor: String, progress: @escaping @Sendable (_ position: Int64, _ head: Int64) -> Void
    ) async throws -> (events: Int, position: Int64)?
}
