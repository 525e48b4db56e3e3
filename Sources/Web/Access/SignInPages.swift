import Access
import EventLog
import Foundation
import GarageDomain
import Hummingbird
import NIOCore

/// `/login`, `/logout`, `/setup`, and a person's own `/account`.
struct SignInPages: Sendable {
    let pages: Pages
    let access: AccessControl
    let journal: AccessJournal

    func addRoutes(to router: Router<WebContext>) {
        router.get("/login") { request, _ in try await loginPage(request, error: nil, values: [:]) }
        router.post("/login") { request, context in try await signIn(request, context) }
        router.post("/logout") { request, _ in try signOut(request) }
        router.get("/setup") { request, _ in try await setupPage(request, error: nil, values: [:]) }
        router.post("/setup") { request, context in try await setUp(request, context) }
        router.get("/account") { request, _ in try await accountPage(request, message: nil) }
        router.post("/account/password") { request, context in try await changePassword(request, context) }
        router.post("/account/pin") { request, context in try await changePIN(request, context) }
        router.post("/account/sign-out-everywhere") { request, _ in try await signOutEverywhere(request) }
        router.get("/account/open/{gate}") { request, context in try await pinPage(request, context) }
    }

    // MARK: Sign-in

    private func loginPage(
        _ request: Request, error: String?, values: [String: Any], status: HTTPResponse.Status = .forbidden
    ) async throws -> Response {
        let query = FormFields.read(request.uri.query)
        var values = values
        values["next"] = values["next"] ?? Self.ownPath(query.first { $0.name == "next" }?.value)
        values["hasPeople"] = access.registry.hasPeople
        return try await show(
            "login", title: "login_title", error: error, values: values, status: error == nil ? .ok : status, request)
    }

    private func signIn(_ request: Request, _ context: WebContext) async throws -> Response {
        guard OriginCheck.isOwn(request) else { throw PageProblem.foreignOrigin }
        let form = try await Form(request)
        let name = form["name"]
        let next = Self.ownPath(form["next"])
        switch try await access.registry.signIn(name: name, password: form["password"], address: context.address) {
        case .signedIn(let person, let secret):
            await journal.note("signed in from \(context.address)", of: person.name, by: person.name)
            return PageResponse.seeOther(next, cookie: sessionCookie(secret))
        case .refused:
            await journal.deny("sign in as \(Self.shown(name))", actor: nil, address: context.address, channel: "page")
            return try await loginPage(request, error: "login_refused", values: ["name": name, "next": next])
        case .locked(let seconds):
            await journal.deny(
                "sign in as \(Self.shown(name)) while locked", actor: nil, address: context.address, channel: "page")
            return try await loginPage(
                request, error: "login_locked", values: ["name": name, "next": next, "seconds": String(seconds)])
        case .busy:
            return busy(
                try await loginPage(
                    request, error: "login_busy", values: ["name": name, "next": next], status: .serviceUnavailable))
        }
    }

    /// A page that says that the password was not checked.
    private func busy(_ page: Response) -> Response {
        journal.busy.count(.password)
        var page = page
        page.headers[.retryAfter] = BusyAnswers.pause
        return page
    }

    private func signOut(_ request: Request) throws -> Response {
        if let cookie = request.cookies[access.cookieName] { try access.registry.signOut(cookie.value) }
        return PageResponse.seeOther("/login", cookie: endedCookie)
    }

    // MARK: Setup

    private func setupPage(_ request: Request, error: String?, values: [String: Any]) async throws -> Response {
        guard !access.registry.hasPeople else { throw PageProblem.notFound }
        let query = FormFields.read(request.uri.query)
        var values = values
        values["code"] = values["code"] ?? query.first { $0.name == "code" }?.value ?? ""
        return try await show(
            "setup", title: "setup_title", error: error, values: values, status: error == nil ? .ok : .forbidden,
            request)
    }

    private func setUp(_ request: Request, _ context: WebContext) async throws -> Response {
        guard OriginCheck.isOwn(request) else { throw PageProblem.foreignOrigin }
        guard !access.registry.hasPeople else { throw PageProblem.notFound }
        let form = try await Form(request)
        let (code, name, password) = (form["code"], form["name"], form["password"])
        let again: [String: Any] = ["code": code, "name": name]
        guard password == form["repeated"] else {
            return try await setupPage(request, error: "password_differs", values: again)
        }
        do {
            guard try await access.registry.setUp(code: code, name: name, password: password) else {
                await journal.deny("set up with a wrong code", actor: nil, address: context.address, channel: "page")
                return try await setupPage(request, error: "setup_wrong_code", values: again)
            }
        } catch let error as AccessError {
            return try await setupPage(request, error: error.messageKey, values: again)
        }
        await journal.note("added as admin at the first start", of: name, by: name)
        guard
            case .signedIn(_, let secret) = try await access.registry.signIn(
                name: name, password: password, address: context.address)
        else { return PageResponse.seeOther("/login", cookie: endedCookie) }
        return PageResponse.seeOther("/", cookie: sessionCookie(secret))
    }

    // MARK: A person's own account

    private func accountPage(
        _ request: Request, message: String?, error: String? = nil,
        status: HTTPResponse.Status = .unprocessableContent
    ) async throws -> Response {
        guard case .person(let person, _) = CallerIdentity.current else { throw AccessRefusal.signIn(to: "/account") }
        let fresh = access.registry.person(named: person.name) ?? person
        var values: [String: Any] = ["name": fresh.name, "hasPIN": fresh.hasPIN, "role": "role_\(fresh.role.rawValue)"]
        values["message"] = message
        return try await show(
            "account", title: "account_title", error: error, values: values,
            status: error == nil ? .ok : status, request)
    }

    private func changePassword(_ request: Request, _ context: WebContext) async throws -> Response {
        guard case .person(let person, _) = CallerIdentity.current else { throw AccessRefusal.signIn(to: "/account") }
        let form = try await Form(request)
        guard form["password"] == form["repeated"] else {
            return try await accountPage(request, message: nil, error: "password_differs")
        }
        if let refusal = try await refusal(of: form["current"], of: person, to: "change the password", request, context)
        {
            return refusal
        }
        do {
            try await access.registry.changePassword(of: person.name, to: form["password"])
        } catch let error as AccessError {
            return try await accountPage(request, message: nil, error: error.messageKey)
        }
        await journal.note("changed the password", of: person.name, by: person.name)
        guard
            case .signedIn(_, let secret) = try await access.registry.signIn(
                name: person.name, password: form["password"], address: context.address)
        else { return PageResponse.seeOther("/login", cookie: endedCookie) }
        return PageResponse.seeOther("/account", cookie: sessionCookie(secret))
    }

    /// The page that says that this is not the person's password; `nil` if it is.
    private func refusal(
        of password: String, of person: Person, to purpose: String, _ request: Request, _ context: WebContext
    ) async throws -> Response? {
        switch try await access.registry.signIn(name: person.name, password: password, address: context.address) {
        case .signedIn(_, let secret):
            // The session that the check has begun is not used.
            try access.registry.signOut(secret)
            return nil
        case .refused, .locked:
            await journal.deny(
                "\(purpose) with a wrong password", actor: person.name, address: context.address, channel: "page")
            return try await accountPage(request, message: nil, error: "login_refused")
        case .busy:
            return busy(
                try await accountPage(request, message: nil, error: "login_busy", status: .serviceUnavailable))
        }
    }

    /// A PIN is there for the case that somebody else has the signed-in phone, who must not be able to change it.
    private func changePIN(_ request: Request, _ context: WebContext) async throws -> Response {
        guard case .person(let person, _) = CallerIdentity.current else { throw AccessRefusal.signIn(to: "/account") }
        let form = try await Form(request)
        let pin = form["pin"]
        if person.hasPIN,
            let refusal = try await refusal(of: form["current"], of: person, to: "change the PIN", request, context)
        {
            return refusal
        }
        do {
            try await access.registry.changePIN(of: person.name, to: pin.isEmpty ? nil : pin)
        } catch let error as AccessError {
            return try await accountPage(request, message: nil, error: error.messageKey)
        }
        await journal.note(pin.isEmpty ? "removed the PIN" : "changed the PIN", of: person.name, by: person.name)
        return try await accountPage(request, message: pin.isEmpty ? "account_pin_removed" : "account_pin_set")
    }

    private func signOutEverywhere(_ request: Request) async throws -> Response {
        guard case .person(let person, _) = CallerIdentity.current else { throw AccessRefusal.signIn(to: "/account") }
        try access.registry.signOutEverywhere(person.name)
        await journal.note("signed out everywhere", of: person.name, by: person.name)
        return PageResponse.seeOther("/login", cookie: endedCookie)
    }

    /// Asks for the PIN before a gate is opened.
    private func pinPage(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = context.parameters.get("gate") ?? ""
        guard let gate = Subject(kind: .gate, id: id) else { throw PageProblem.notFound }
        let reason = FormFields.read(request.uri.query).first { $0.name == "reason" }?.value
        let error: String? =
            switch reason {
            case "wrong": "pin_wrong"
            case "locked": "pin_locked"
            case "busy": "login_busy"
            default: nil
            }
        return try await show(
            "pin", title: "pin_title", error: error, values: ["gate": gate.id, "gateName": gate.name.text], request)
    }
}

extension SignInPages {
    /// Fills one of the pages about access.
    func show(
        _ template: String, title: String, error: String?, values: [String: Any], status: HTTPResponse.Status = .ok,
        _ request: Request
    ) async throws -> Response {
        let visit = Visit(request)
        let text = try await pages.text(for: visit)
        var values = values
        values["t"] = text.words.texts
        if let error { values["error"] = text.words.text(error, ["seconds": values["seconds"] as? String ?? ""]) }
        if let message = values["message"] as? String { values["message"] = text.words.text(message) }
        for key in ["role", "heading"] {
            if let name = values[key] as? String { values[key] = text.words.text(name) }
        }
        let body = try pages.templates.render(template, values)
        return try pages.html(
            Frame(
                title: text.words.text(title), section: template == "settings" ? "settings" : "", body: body,
                script: "page", status: status), for: visit, text)
    }

    private func sessionCookie(_ secret: String) -> Cookie {
        Cookie(
            name: access.cookieName, value: secret, maxAge: 90 * 86_400, path: "/", secure: access.isSecure,
            httpOnly: true, sameSite: .strict)
    }

    private var endedCookie: Cookie {
        Cookie(
            name: access.cookieName, value: "", maxAge: 0, path: "/", secure: access.isSecure, httpOnly: true,
            sameSite: .strict)
    }

    /// Where to go after signing in: one of our own pages, whatever the request says.
    static func ownPath(_ wanted: String?) -> String {
        guard let wanted, wanted.hasPrefix("/"), !wanted.hasPrefix("//"), !wanted.contains("\\"),
            wanted.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return "/" }
        return wanted
    }

    /// What was given as a name, for the log. Someone may have typed the password there, so only what can be a name.
    private static func shown(_ name: String) -> String { Person.isName(name) ? name : "(no name)" }
}

/// A posted form.
struct Form {
    private let fields: [(name: String, value: String)]

    init(_ request: Request) async throws {
        var request = request
        fields = FormFields.read(String(buffer: try await request.collectedBody()))
    }

    /// The first field of the name; empty if there is none.
    subscript(_ name: String) -> String { fields.first { $0.name == name }?.value ?? "" }

    /// All fields of the name.
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
}

extension AccessError {
    /// The key of the text that tells a person.
    var messageKey: String {
        switch self {
        case .unreadable, .unwritable, .newer: "access_not_stored"
        case .exists: "access_exists"
        case .unknown: "access_unknown"
        case .badName: "access_bad_name"
        case .shortPassword: "access_short_password"
        case .badPIN: "access_bad_pin"
        case .lastAdmin: "access_last_admin"
        case .firstIsAdmin: "access_first_is_admin"
        }
    }
}
