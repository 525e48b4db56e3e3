/// A page about the present: a frame that stays, and regions that are sent again when they change.
struct LivePage: Sendable {
    var title: String
    /// The entry of the navigation that it belongs to.
    var section: String
    /// The template of the frame; it has a place named after each region.
    var template: String
    /// The path of its stream of changed regions.
    var livePath: String
    /// What of the page stays as it is: values for the template of the frame.
    var fixed: @Sendable (PageText) throws -> [String: Markup] = { _ in [:] }
    /// Fills the regions as things are now. Throws `PageProblem.notFound` if what the page is about does not exist.
    var regions: @Sendable (PageText) async throws -> [Region]

    struct Region: Sendable {
        var name: String
        var markup: Markup
    }
}

/// Why a page can't be shown.
enum PageProblem: Error, Hashable {
    case notFound
    case foreignOrigin
    case badForm
    /// The path exists, but takes only these methods.
    case badMethod(allowed: String)
}
