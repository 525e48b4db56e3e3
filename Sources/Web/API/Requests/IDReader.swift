import GarageDomain
import Hummingbird
import Views

/// Reads the ids of the API: `<garage>.<name>`, and `<name>` alone while there is only one garage.
struct IDReader {
    let views: Views

    /// The subject that an id names, whether or not it exists.
    func subject(_ kind: Subject.Kind, _ id: String) async throws -> Subject? {
        if let subject = Subject(kind: kind, id: id) { return subject }
        guard let name = Name(id) else { return nil }
        let garages = try await views.garages()
        guard let garage = garages.first, garages.count == 1 else { return nil }
        return Subject(garage: garage, kind: kind, name: name)
    }

    /// The subject of the path's `id`; a problem if the id can't be one.
    func subject(_ kind: Subject.Kind, _ context: WebContext) async throws -> Subject {
        let text = context.parameters.get("id").flatMap { PercentCoding.decode($0) } ?? ""
        guard let subject = try await subject(kind, text) else {
            throw Problem.notFound("There is no \(kind.rawValue) with this id.")
        }
        return subject
    }

    /// The sensor of the path's `id`; a problem if it does not exist.
    func known(_ kind: Subject.Kind, _ context: WebContext) async throws -> Subject {
        let subject = try await subject(kind, context)
        guard try await exists(subject) else { throw Problem.notFound("There is no \(kind.rawValue) with this id.") }
        return subject
    }

    /// Whether the log has any event of a subject.
    func exists(_ subject: Subject) async throws -> Bool {
        let filter = EventFilter(subject: subject.stream)
        return try await !views.events(filter, PageRequest(limit: 1)).rows.isEmpty
    }
}
