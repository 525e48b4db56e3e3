import Access
import EventLog
import Foundation
import GarageDomain
import Hummingbird
import NIOCore

/// Finds out who sends a request, and lets through what that caller may do.
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl
    let journal: AccessJournal

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // A webhook's sender is nobody here: its secret is no token, and is checked where the webhook is taken.
        if request.uri.path.hasPrefix(WebhookEndpoints.prefix) { return try await next(request, context) }
        let needed = RequiredPermission(request)
        let identity: CallerIdentity
        switch identify(request, context) {
        case .known(let known): identity = known
        case .badToken:
            await journal.deny("use an unknown token", actor: nil, address: context.address)
            throw Self.unauthorized("The token is not known, has expired or was revoked.")
        }
        try await check(needed, identity, request, context)
        var request = request
        if identity.formToken != nil, !Self.isSafe(request.method) {
            try await checkForm(&request, identity, context)
        }
        try await checkPIN(&request, identity, context)
        let checked = request
        let response = try await CallerIdentity.$current.withValue(identity) {
            try await CallerIdentity.$address.withValue(context.address) { try await next(checked, context) }
        }
        return StreamGuard.guarding(response) {
            guard case .known(let now) = identify(checked, context) else { return false }
            return now.actor == identity.actor && Self.covers(needed, now)
        }
    }

    private enum Finding {
        case known(CallerIdentity)
        case badToken
    }

    private func identify(_ request: Request, _ context: WebContext) -> Finding {
        if context.isControl { return .known(.commandLine) }
        if let header = request.headers[.authorization] {
            guard header.lowercased().hasPrefix("bearer ") else { return .badToken }
            let secret = String(header.dropFirst(7)).trimmed
            guard case .program(let token, let owner)? = access.registry.token(secret) else { return .badToken }
            return .known(.program(token, owner: owner))
        }
        if let cookie = request.cookies[access.cookieName],
            case .person(let person, let formToken)? = access.registry.session(cookie.value)
        {
            return .known(.person(person, formToken: formToken))
        }
        return .known(access.isOpen ? .local : .anonymous)
    }

    private func check(
        _ needed: RequiredPermission, _ identity: CallerIdentity, _ request: Request, _ context: WebContext
    ) async throws {
        if Self.covers(needed, identity) { return }
        guard identity == .anonymous else {
            await journal.deny(
                "\(request.method.rawValue) \(request.uri.path)", actor: identity.actor, address: context.address)
            throw AccessRefusal.notAllowed
        }
        if PageErrors.isPage(request) { throw AccessRefusal.signIn(to: request.uri.path) }
        throw Self.unauthorized("Send a token: Authorization: Bearer garage_…")
    }

    /// Whether a caller has what a request needs.
    private static func covers(_ needed: RequiredPermission, _ identity: CallerIdentity) -> Bool {
        switch needed {
        case .none: true
        case .signedIn: identity != .anonymous
        case .permission(let permission): identity.has(permission)
        }
    }

    /// A post of a signed-in browser must come from one of our own pages: the browser says so, and a form also carries
    /// the session's token.
    private func checkForm(_ request: inout Request, _ identity: CallerIdentity, _ context: WebContext) async throws {
        guard OriginCheck.isOwn(request),
            request.headers[named: "Sec-Fetch-Site"] != nil || request.headers[.origin] != nil
        else { throw AccessRefusal.foreignForm }
        guard request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") ?? false else {
            // Another site can't send any other type without asking first, and is not answered then.
            guard request.headers[.contentType]?.hasPrefix("application/json") ?? false else {
                throw AccessRefusal.foreignForm
            }
            return
        }
        let body = try await request.collectedBody()
        let token = FormFields.read(String(buffer: body)).first { $0.name == FormToken.field }?.value
        guard let token, let expected = identity.formToken, ConstantTime.areEqual(token, expected) else {
            throw AccessRefusal.foreignForm
        }
    }

    /// Someone who has a PIN must give it to open a gate: in the form, or in the header `Garage-PIN`.
    private func checkPIN(_ request: inout Request, _ identity: CallerIdentity, _ context: WebContext) async throws {
        guard let person = identity.person, person.hasPIN, request.method == .post,
            let gate = Self.gate(request.uri.path)
        else { return }
        let body = try await request.collectedBody()
        let isForm = request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") ?? false
        let fields = isForm ? FormFields.read(String(buffer: body)) : []
        if isForm, fields.first(where: { $0.name == "action" })?.value != GateAction.open.rawValue { return }
        if !isForm, !Self.opens(body) { return }
        let pin = fields.first { $0.name == "pin" }?.value ?? request.headers[named: "Garage-PIN"] ?? ""
        let isPage = PageErrors.isPage(request)
        guard !pin.isEmpty else {
            if isPage { throw AccessRefusal.pin(gate: gate, reason: nil) }
            throw Self.pinProblem("Send the PIN in the header Garage-PIN.")
        }
        let answer = await access.registry.checkPIN(pin, of: person)
        switch answer {
        case .signedIn: return
        case .busy:
            journal.busy.count(.pin)
            if isPage { throw AccessRefusal.pin(gate: gate, reason: "busy") }
            throw Problem(
                status: .serviceUnavailable, type: "busy", title: "Too many passwords are being checked",
                detail: "Try again in a moment.", headers: [.retryAfter: BusyAnswers.pause])
        case .refused, .locked:
            await journal.deny("open \(gate) with a wrong PIN", actor: person.name, address: context.address)
            if isPage { throw AccessRefusal.pin(gate: gate, reason: answer == .refused ? "wrong" : "locked") }
            throw Self.pinProblem("The PIN is wrong, or was wrong too often; wait and try again.")
        }
    }

    /// The gate of a path on which commands are posted.
    private static func gate(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        guard let last = parts.last, last == "commands", parts.count >= 3, parts[parts.count - 3] == "gates" else {
            return nil
        }
        return String(parts[parts.count - 2])
    }

    /// Whether the body asks to open. One that can't be read is refused later, and does not open anything.
    private static func opens(_ body: ByteBuffer) -> Bool {
        struct Asked: Decodable { var action: String? }
        guard let asked = try? JSONDecoder().decode(Asked.self, from: Data(body.readableBytesView)) else { return true }
        return asked.action == GateAction.open.rawValue
    }

    private static func pinProblem(_ detail: String) -> Problem {
        Problem(status: .forbidden, type: "pin-required", title: "Opening this gate takes a PIN", detail: detail)
    }

    private static func isSafe(_ method: HTTPRequest.Method) -> Bool {
        method == .get || method == .head || method == .options
    }

    private static func unauthorized(_ detail: String) -> Problem {
        Problem(
            status: .unauthorized, detail: detail, headers: [.wwwAuthenticate: "Bearer realm=\"garage\""])
    }
}

/// Why a page is not shown to a caller.
enum AccessRefusal: Error, Hashable {
    /// Nobody has signed in; the path is where to go on afterwards.
    case signIn(to: String)
    case notAllowed
    case foreignForm
    /// Opening this gate takes the PIN; the reason is `wrong` or `locked` if one was given.
    case pin(gate: String, reason: String?)
}

extension String {
    /// Without spaces at both ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

extension WebContext {
    /// The caller's address without its port.
    var address: String { networkAddress ?? "unknown" }

    /// The same; `nil` for a caller that does not come over the network.
    var networkAddress: String? { peer?.ipAddress }
}
