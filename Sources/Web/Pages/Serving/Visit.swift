import GarageDomain
import Hummingbird

/// What a browser asks for with every page: language, colours, and the message that its last action left.
struct Visit: Sendable {
    let language: PageLanguage
    let theme: Theme
    let notice: Notice?
    /// Cookies that the answer sets because the request's query chose something.
    let choices: [Cookie]
    /// Path and query without the choices, for links that change one of them.
    let location: String

    enum Theme: String, Sendable, Hashable, CaseIterable {
        /// As the system says.
        case automatic = "auto"
        case light, dark
    }

    init(_ request: Request) {
        let query = FormFields.read(request.uri.query)
        func field(_ name: String) -> String? { query.first { $0.name == name }?.value }
        let cookies = request.cookies
        var choices: [Cookie] = []
        if let chosen = field("lang").flatMap(PageLanguage.init) {
            language = chosen
            choices.append(Visit.lasting("garage_lang", chosen.rawValue))
        } else {
            language =
                cookies["garage_lang"].flatMap { PageLanguage(rawValue: $0.value) }
                ?? PageLanguage(accepting: request.headers[.acceptLanguage])
        }
        if let chosen = field("theme").flatMap(Theme.init) {
            theme = chosen
            choices.append(Visit.lasting("garage_theme", chosen.rawValue))
        } else {
            theme = cookies["garage_theme"].flatMap { Theme(rawValue: $0.value) } ?? .automatic
        }
        notice = cookies[Notice.cookieName].flatMap { Notice($0.value) }
        self.choices = choices
        let kept = FormFields.write(query.filter { $0.name != "lang" && $0.name != "theme" })
        location = request.uri.path + (kept.isEmpty ? "?" : "?\(kept)&")
    }

    /// A cookie kept for a year.
    private static func lasting(_ name: String, _ value: String) -> Cookie {
        Cookie(name: name, value: value, maxAge: 31_536_000, path: "/", httpOnly: true, sameSite: .lax)
    }
}

/// What became of the command that the visitor just gave, carried over one redirect in a cookie.
struct Notice: Sendable, Hashable {
    var gate: Subject
    var action: GateAction
    var result: Result

    enum Result: Sendable, Hashable {
        case sent
        case rejected(CommandRejected.Reason)
        /// The log did not take it; nothing was done.
        case notStored
    }

    static let cookieName = "garage_notice"

    init(gate: Subject, action: GateAction, result: Result) {
        self.gate = gate
        self.action = action
        self.result = result
    }

    /// Reads `cookieValue`; a cookie that anyone else wrote can at most name another known message.
    init?(_ cookieValue: String) {
        let parts = cookieValue.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let gate = Subject(kind: .gate, id: parts[0]),
            let action = GateAction(rawValue: parts[1])
        else { return nil }
        switch parts[2] {
        case "sent": self.init(gate: gate, action: action, result: .sent)
        case "not-stored": self.init(gate: gate, action: action, result: .notStored)
        default:
            guard let reason = CommandRejected.Reason(rawValue: parts[2]) else { return nil }
            self.init(gate: gate, action: action, result: .rejected(reason))
        }
    }

    var cookie: Cookie {
        let word =
            switch result {
            case .sent: "sent"
            case .notStored: "not-stored"
            case .rejected(let reason): reason.rawValue
            }
        return Cookie(
            name: Notice.cookieName, value: "\(gate.id)/\(action.rawValue)/\(word)", maxAge: 60, path: "/",
            httpOnly: true, sameSite: .strict)
    }

    /// The cookie that removes the message once it was shown.
    static let spent = Cookie(name: cookieName, value: "", maxAge: 0, path: "/", httpOnly: true, sameSite: .strict)
}
