public import Foundation
public import GarageDomain
public import Hummingbird
public import Ingest
import NIOCore
public import Views

/// The HTML pages: the dashboard, the event log and the pages about single things.
///
/// They are made on the server, work without JavaScript, and stay up to date with it over server-sent events.
public struct Pages: Sendable {
    let reads: any PageReads
    let door: any CommandDoor
    let files: StaticFiles
    let templates: PageTemplates
    let now: @Sendable () -> Timestamp
    let wordings: [PageLanguage: Wording]
    let clock: SiteClock
    let nowPages: NowPages
    private let interfaces: (openAPI: DocumentNode, asyncAPI: DocumentNode)

    /// - Parameters:
    ///   - timeZone: the zone in which the site lives; days begin and end by it.
    ///   - now: the service's clock.
    ///   - broker: how the broker is; `nil` if that can't be told.
    /// - Throws: if a template or a language file can't be read.
    public init(
        views: Views, door: any CommandDoor, files: WebFiles = .embedded, timeZone: TimeZone,
        now: @escaping @Sendable () -> Timestamp = Pages.systemTime,
        broker: @escaping @Sendable () async -> BrokerReport? = { nil }
    ) throws {
        try self.init(reads: views, door: door, files: files, timeZone: timeZone, now: now, broker: broker)
    }

    init(
        reads: any PageReads, door: any CommandDoor, files: WebFiles, timeZone: TimeZone,
        now: @escaping @Sendable () -> Timestamp, broker: @escaping @Sendable () async -> BrokerReport? = { nil }
    ) throws {
        self.reads = reads
        self.door = door
        self.files = StaticFiles(files: files)
        self.now = now
        templates = try PageTemplates(files: files)
        clock = SiteClock(timeZone: timeZone)
        nowPages = NowPages(reads: reads, door: door, templates: templates, report: broker)
        interfaces = (
            try DocumentEndpoints.document("openapi.yaml", files),
            try DocumentEndpoints.document("asyncapi.yaml", files)
        )
        var wordings: [PageLanguage: Wording] = [:]
        for language in PageLanguage.allCases { wordings[language] = try Wording(language, files: files) }
        self.wordings = wordings
    }

    /// The system's clock.
    public static let systemTime: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Adds the pages, their streams and the static files. Everything below `/api/` is left alone.
    public func addRoutes(to router: Router<WebContext>) {
        router.addMiddleware { PageErrors(pages: self) }
        addNowPages(to: router)
        addLogPages(to: router)
        router.post("/gates/{id}/commands", use: command)
        addDeedForms(to: router)
        router.get("/static/{version}/**") { request, context in
            let version = context.parameters.get("version") ?? ""
            guard let answer = files.answer(request, version: version, path: context.parameters.getCatchAll())
            else { throw HTTPError(.notFound) }
            return answer
        }
        router.get("/api") { request, _ in
            let visit = Visit(request)
            let text = try await text(for: visit)
            let page = InterfacePage(openAPI: interfaces.openAPI, asyncAPI: interfaces.asyncAPI, text: text)
            let body = try templates.render("api", page.values())
            return try html(
                Frame(title: text.words.text("api_title"), section: "", body: body, script: "page"), for: visit, text)
        }
        router.get("/favicon.ico") { _, _ in
            Response(status: .movedPermanently, headers: [.location: files.folder + "/icon.svg"])
        }
    }

    private func addNowPages(to router: Router<WebContext>) {
        func add(
            _ path: RouterPath, _ streamPath: RouterPath,
            _ page: @escaping @Sendable (Wording, Request, WebContext) async throws -> LivePage
        ) {
            router.get(path) { request, context in
                let visit = Visit(request)
                return try await show(page(wording(visit.language), request, context), for: visit)
            }
            router.get(streamPath) { request, context in
                let visit = Visit(request)
                return try await stream(page(wording(visit.language), request, context), for: visit)
            }
        }
        add("/", "/live") { words, _, _ in nowPages.dashboard(words) }
        add("/spots", "/spots/live") { words, request, _ in
            nowPages.spots(PageRange(FormFields.read(request.uri.query), standard: .month), words)
        }
        add("/devices", "/devices/live") { words, _, _ in nowPages.devices(words) }
        add("/broker", "/broker/live") { words, request, _ in
            nowPages.broker(BrokerQuery(FormFields.read(request.uri.query)), words)
        }
        add("/gates/{id}", "/gates/{id}/live") { words, request, context in
            let range = PageRange(FormFields.read(request.uri.query), standard: .day)
            return nowPages.gate(try await subject(.gate, context), range, words)
        }
        add("/sensors/{id}", "/sensors/{id}/live") { words, request, context in
            let range = PageRange(FormFields.read(request.uri.query), standard: .day)
            return nowPages.sensor(try await subject(.sensor, context), range, words)
        }
    }

    private func addLogPages(to router: Router<WebContext>) {
        router.get("/events") { request, _ in
            let visit = Visit(request)
            let text = try await text(for: visit)
            let page = EventLogPage(
                query: EventQuery(FormFields.read(request.uri.query)), reads: reads, templates: templates, text: text)
            let values = try await page.values()
            let body = try templates.render("event-log", values)
            return try html(
                Frame(title: text.words.text("nav_events"), section: "events", body: body, script: "log"), for: visit,
                text)
        }
        router.get("/events/live") { request, _ in
            let visit = Visit(request)
            return try await logStream(request, for: visit)
        }
        router.get("/events/{position}") { request, context in
            let visit = Visit(request)
            let text = try await text(for: visit)
            guard let position = context.parameters.get("position", as: Int64.self),
                let row = try await reads.event(at: position)
            else { throw PageProblem.notFound }
            let values = try await SingleEventPage(row: row, reads: reads, text: text).values()
            let title = text.words.text("event_title", ["position": String(position)])
            let body = try templates.render("event", values)
            return try html(Frame(title: title, section: "events", body: body, script: "page"), for: visit, text)
        }
    }
}

extension Pages {
    func wording(_ language: PageLanguage) -> Wording {
        if files.files.areEditable, let fresh = try? Wording(language, files: files.files) { return fresh }
        // Every language was read at the start.
        return wordings[language] ?? Wording(language, texts: [:])
    }
}
