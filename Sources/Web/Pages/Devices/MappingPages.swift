import Access
import EventLog
import GarageDomain
import Hummingbird
import Ingest
import NIOCore

/// `/devices/unmapped`: the topics that nothing reads, and a form that makes a rule for one of them.
struct MappingPages: Sendable {
    let pages: Pages
    let devices: any DeviceDoor

    func addRoutes(to router: Router<WebContext>) {
        router.get("/devices/unmapped") { request, _ in
            let fields = FormFields.read(request.uri.query)
            return try await show(request, topic: fields.first { $0.name == "topic" }?.value, error: nil)
        }
        router.post("/devices/mappings") { request, context in try await add(request, context) }
        router.post("/devices/mappings/remove") { request, context in try await remove(request, context) }
    }

    private func show(
        _ request: Request, topic: String?, error: Markup?, written: [(name: String, value: String)] = [],
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let visit = Visit(request)
        let text = try await pages.text(for: visit)
        let view = UnmappedView(
            unmapped: pages.door.unmappedTopics(), mappings: devices.mappings(), topic: topic, error: error,
            written: Dictionary(written.map { ($0.name, $0.value) }) { first, _ in first },
            mayMap: CallerIdentity.current.has(.admin), text: text)
        let body = try pages.templates.render("unmapped-topics", view.values())
        return try pages.html(
            Frame(
                title: text.words.text("unmapped"), section: "devices", body: body, script: "page", status: status),
            for: visit, text)
    }

    private func add(_ request: Request, _ context: WebContext) async throws -> Response {
        let (request, form) = try await read(request)
        func field(_ name: String) -> String? {
            form.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
        }
        let topic = field("topic") ?? ""
        var rule = MappingText(
            id: "", topic: topic, property: field("property") ?? "", name: field("name") ?? "")
        rule.pointer = field("pointer")
        rule.values = field("values")
        rule.unit = field("unit")
        rule.id = field("id") ?? MappingPages.id(for: rule, among: devices.mappings().map(\.rule))
        for (name, path) in [("scale", \MappingText.scale), ("offset", \MappingText.offset)] {
            guard let written = field(name) else { continue }
            guard let number = Double(written.replacing(",", with: ".")) else {
                let text = try await pages.text(for: Visit(request))
                let error = UnmappedView.message(.invalid(member: name, text: written), in: text)
                return try await show(
                    request, topic: topic, error: error, written: form, status: .unprocessableContent)
            }
            rule[keyPath: path] = number
        }
        do {
            _ = try await devices.addMapping(rule, by: EventMetadata(actor: "anonymous", channel: "page"))
        } catch {
            let text = try await pages.text(for: Visit(request))
            return try await show(
                request, topic: topic, error: UnmappedView.message(error, in: text), written: form,
                status: .unprocessableContent)
        }
        return PageResponse.seeOther("/devices/unmapped")
    }

    /// An id that is free, so that one topic can have several rules: a payload of JSON holds more than one value. For what
    /// there is a rule already, that rule's.
    static func id(for rule: MappingText, among rules: [MappingText]) -> String {
        let same = rules.first {
            ($0.topic, $0.property, $0.name) == (rule.topic, rule.property, rule.name) && $0.pointer == rule.pointer
        }
        if let same { return same.id }
        let taken = Set(rules.map(\.id))
        let base = MappingText.id(for: rule.topic)
        let others = (2...1000).lazy.map { "\(base.suffix(59))-\($0)" }
        return taken.contains(base) ? others.first { !taken.contains($0) } ?? base : base
    }

    private func remove(_ request: Request, _ context: WebContext) async throws -> Response {
        let (request, form) = try await read(request)
        let id = form.first { $0.name == "id" }?.value ?? ""
        do {
            _ = try await devices.removeMapping(id, by: EventMetadata(actor: "anonymous", channel: "page"))
        } catch {
            let text = try await pages.text(for: Visit(request))
            return try await show(
                request, topic: nil, error: UnmappedView.message(error, in: text), status: .conflict)
        }
        return PageResponse.seeOther("/devices/unmapped")
    }

    private func read(_ request: Request) async throws -> (Request, [(name: String, value: String)]) {
        guard OriginCheck.isOwn(request) else { throw PageProblem.foreignOrigin }
        var request = request
        let body = try await request.collectedBody()
        return (request, FormFields.read(String(buffer: body)))
    }
}
