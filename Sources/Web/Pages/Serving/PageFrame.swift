import Access
import GarageDomain
import Hummingbird
import Logging

/// What the layout puts around every page.
struct Frame {
    var title: String
    /// The entry of the navigation that it belongs to; empty for none.
    var section: String
    var body: String
    /// The module that the page runs, without its extension.
    var script: String
    /// The path of its stream of changed regions, if it has one.
    var livePath: String?
    var status: HTTPResponse.Status = .ok
}

extension Pages {
    /// What this answer says things with.
    func text(for visit: Visit) async throws -> PageText {
        let garages = try await reads.garages()
        return PageText(
            words: wording(visit.language), clock: clock, now: now(), assets: files.folder,
            namesGarages: garages.count > 1)
    }

    /// The subject that the path's `id` names; a bare name belongs to the lone garage.
    func subject(_ kind: Subject.Kind, _ context: WebContext) async throws -> Subject {
        let id = context.parameters.get("id") ?? ""
        if let subject = Subject(kind: kind, id: id) { return subject }
        let garages = try await reads.garages()
        guard garages.count == 1, let garage = garages.first, let name = Name(id) else { throw PageProblem.notFound }
        return Subject(garage: garage, kind: kind, name: name)
    }

    func show(_ page: LivePage, for visit: Visit) async throws -> Response {
        let text = try await text(for: visit)
        var values: [String: Any] = ["t": text.words.texts, "title": page.title]
        for (name, markup) in try page.fixed(text) { values[name] = markup }
        for region in try await page.regions(text) { values[region.name] = region.markup }
        let body = try templates.render(page.template, values)
        return try html(
            Frame(title: page.title, section: page.section, body: body, script: "page", livePath: page.livePath),
            for: visit, text)
    }

    func html(_ frame: Frame, for visit: Visit, _ text: PageText) throws -> Response {
        let words = text.words
        var sections = [
            ("overview", "/", "overview"), ("events", "/events", "log"), ("spots", "/spots", "car"),
            ("devices", "/devices", "device"), ("broker", "/broker", "sent"),
        ]
        if CallerIdentity.current.has(.admin) { sections.append(("settings", "/settings", "settings")) }
        var values: [String: Any] = [
            "t": words.texts,
            "lang": visit.language.rawValue,
            "theme": visit.theme.rawValue,
            "zone": clock.zoneName,
            "title": frame.title,
            "assets": files.folder,
            "script": frame.script,
            "body": Markup.rendered(frame.body),
            "nav": sections.map { name, path, icon -> [String: Any] in
                [
                    "path": path, "label": words.text("nav_" + name), "short": words.text("nav_short_" + name),
                    "icon": text.icon(icon),
                    "isCurrent": name == frame.section,
                ]
            },
            "languages": PageLanguage.allCases.map { language -> [String: Any] in
                [
                    "tag": language.rawValue, "label": words.text("language_" + language.rawValue),
                    "short": String(language.rawValue.prefix(2)).uppercased(),
                    "path": visit.location + "lang=" + language.rawValue, "isCurrent": language == visit.language,
                ]
            },
            "themes": Visit.Theme.allCases.map { theme -> [String: Any] in
                [
                    "name": theme.rawValue, "label": words.text("theme_" + theme.rawValue),
                    "icon": text.icon("theme-" + theme.rawValue), "path": visit.location + "theme=" + theme.rawValue,
                    "isCurrent": theme == visit.theme,
                ]
            },
            "now": text.clockTime(text.now),
            "logo": text.icon("garage"),
        ]
        if let livePath = frame.livePath { values["live"] = livePath }
        if let notice = visit.notice { values["notice"] = NoticeView.values(notice, in: text) }
        let caller = CallerIdentity.current
        if case .person(let person, _) = caller { values["account"] = person.name }
        let page = FormToken.insert(caller.formToken, into: try templates.render("layout", values))
        return PageResponse.html(page, status: frame.status, for: visit)
    }

    /// A page that says why there is no other.
    func problem(_ kind: String, status: HTTPResponse.Status, for visit: Visit) -> Response {
        let text = PageText(words: wording(visit.language), clock: clock, now: now(), assets: files.folder)
        let values: [String: Any] = [
            "t": text.words.texts, "heading": text.words.text("problem_\(kind)"),
            "explanation": text.words.text("problem_\(kind)_text"), "code": String(status.code),
            "icon": text.icon(kind == "not_found" ? "unknown" : "fault"),
        ]
        let title = text.words.text("problem_\(kind)")
        if let body = try? templates.render("problem", values),
            let response = try? html(
                Frame(title: title, section: "", body: body, script: "page", status: status), for: visit, text)
        {
            return response
        }
        return PageResponse.html("<!doctype html><title>\(status)</title><p>\(status)</p>", status: status, for: visit)
    }
}

/// Turns errors below the pages into pages. What is for programs passes through as it is.
struct PageErrors: RouterMiddleware {
    let pages: Pages

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            throw error
        } catch  where PageErrors.isPage(request) {
            let visit = Visit(request)
            switch error {
            case PageProblem.notFound: return pages.problem("not_found", status: .notFound, for: visit)
            case PageProblem.foreignOrigin: return pages.problem("foreign_origin", status: .forbidden, for: visit)
            case AccessRefusal.signIn(let path):
                let next = path == "/" ? "" : "?next=\(PercentCoding.encode(path))"
                return PageResponse.seeOther("/login" + next)
            case AccessRefusal.notAllowed: return pages.problem("not_allowed", status: .forbidden, for: visit)
            case AccessRefusal.foreignForm: return pages.problem("foreign_origin", status: .forbidden, for: visit)
            case AccessRefusal.pin(let gate, let reason):
                let path = "/account/open/\(gate)" + (reason.map { "?reason=\($0)" } ?? "")
                guard request.headers[.accept]?.contains("application/json") ?? false else {
                    return PageResponse.seeOther(path)
                }
                return PageResponse.json(
                    #"{"ok":false,"message":"","location":\#(JSONText.literal(path))}"#, status: .forbidden)
            case PageProblem.badMethod(let allowed):
                var response = pages.problem("bad_method", status: .methodNotAllowed, for: visit)
                response.headers[.allow] = allowed
                return response
            case PageProblem.badForm: return pages.problem("bad_form", status: .badRequest, for: visit)
            case let error as HTTPError where error.status == .notFound:
                return pages.problem("not_found", status: .notFound, for: visit)
            case let error as HTTPError where error.status.code < 500:
                return pages.problem("bad_form", status: error.status, for: visit)
            default:
                context.logger.error(
                    "A page could not be made", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
                return pages.problem("unavailable", status: .serviceUnavailable, for: visit)
            }
        }
    }

    /// Whether a person waits for the answer in a browser.
    static func isPage(_ request: Request) -> Bool {
        let path = request.uri.path
        if path.hasPrefix("/api/") || path.hasPrefix("/static/") { return false }
        if path == "/healthz" || path == "/readyz" { return false }
        let accepted = request.headers[.accept] ?? "*/*"
        return accepted.contains("text/html") || accepted.contains("*/*") || Pages.isOwnPath(path)
    }
}

extension Pages {
    /// Whether a path is one of a page, whatever the client accepts.
    static func isOwnPath(_ path: String) -> Bool {
        path == "/"
            || [
                "/events", "/gates", "/spots", "/sensors", "/devices", "/broker", "/api", "/login", "/setup",
                "/account",
                "/settings",
            ].contains { path == $0 || path.hasPrefix($0 + "/") }
    }
}
