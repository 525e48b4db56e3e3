import EventLog
import GarageDomain
import Hummingbird
import Ingest
import Views

/// `POST /events`: a person's note. What devices report can't be forged here.
struct NoteEndpoint {
    let views: Views
    let door: any CommandDoor
    let ids: IDReader
    let known = IdempotencyCache()

    @Sendable func add(_ request: Request, _ context: WebContext) async throws -> Response {
        var body = try await JSONBody.read(request)
        if let type = body.text("type", limit: 64), type != EventType.noteAdded.rawValue {
            body.note("type", "Only \(EventType.noteAdded.rawValue) can be added.")
        }
        let text = body.text("text", limit: 2000)
        let note = body.require("text", text, "Must be a text of 1 to 2000 characters.")
        let wanted = body.text("subject", limit: 200)
        var subject = try await self.subject(wanted)
        if let found = subject, found.kind != .garage, try await !ids.exists(found) { subject = nil }
        let about = body.require(
            "subject", subject, "Must name a thing of the garage by kind and id, for example gate/home.front."
        )
        try body.end()
        guard let note, let about else { return Problem.body([]).response(instance: request.uri.path) }
        let origin = Caller.origin(request)
        let key = try IdempotencyKey.read(request).map { IdempotencyCache.Key(actor: origin.actor, text: $0) }
        if let key {
            switch known.begin(key, Array("\(about.stream)\n\(note)".utf8)) {
            case .new: break
            case .done(let position): return try await added(at: position)
            case .underWay:
                throw Problem(
                    status: .conflict, type: "under-way", title: "The same request is being answered",
                    detail: "Ask again in a moment.")
            case .taken: throw IdempotencyKey.reused
            }
        }
        let position: Int64
        do {
            position = try await door.addNote(note, to: about, by: origin)
        } catch {
            if let key { known.forget(key) }
            throw Problem(
                status: .serviceUnavailable, type: "not-stored", title: "The note could not be recorded",
                detail: "\(error)"
            )
        }
        if let key { known.finish(key, position) }
        await views.waitUntilApplied(position, within: .seconds(1))
        return try await added(at: position)
    }

    private func added(at position: Int64) async throws -> Response {
        var json = JSONWriter()
        if let row = try await views.event(at: position) {
            CloudEvent.write(row, to: &json, isWhole: true)
        } else {
            json.object { $0.member("sequence", String(position)) }
        }
        var response = Answer.json(json, status: .created, cacheControl: "no-store")
        response.headers[.location] = "/api/v1/events/\(position)"
        return response
    }

    /// `<kind>/<id>`; without a subject, the lone garage.
    private func subject(_ text: String?) async throws -> Subject? {
        guard let text else {
            let garages = try await views.garages()
            guard let garage = garages.first, garages.count == 1 else { return nil }
            return Subject(garage: garage, kind: .garage, name: garage)
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Subject.Kind(rawValue: String(parts[0])) else { return nil }
        let subject = try await ids.subject(kind, String(parts[1]))
        // A garage's name stands for the whole: `garage/home` as well as `garage/home.home`.
        if kind == .garage {
            let garages = try await views.garages()
            let name = subject?.name ?? Name(String(parts[1]))
            return garages.first { $0 == name }.map { Subject(garage: $0, kind: .garage, name: $0) }
        }
        return subject
    }
}
