import Access
import EventLog
import Hummingbird

/// Who sends a request.
enum CallerIdentity: Sendable, Hashable {
    /// Anyone, of a service that has no people and is reached from its own machine only.
    case local
    /// Nobody has signed in.
    case anonymous
    /// The command line of the user who owns the service, over the control socket.
    case commandLine
    /// A person in a browser.
    case person(Person, formToken: String)
    /// A program with a token, and the person for whom it acts.
    case program(APIToken, owner: Person?)

    /// The identity of the request that the current task answers.
    @TaskLocal static var current = CallerIdentity.local
    /// Where that request comes from, without the port.
    @TaskLocal static var address = "unknown"

    /// Whether the caller has a right, in a service where callers need rights.
    func has(_ permission: Permission) -> Bool {
        switch self {
        case .anonymous: false
        case .local, .commandLine: true
        case .person(let person, _): person.role.permissions.contains(permission)
        case .program(let token, let owner):
            token.scopes.contains(permission) && owner?.role.permissions.contains(permission) ?? true
        }
    }

    /// The person whose rights hold, if there is one.
    var person: Person? {
        switch self {
        case .local, .anonymous, .commandLine: nil
        case .person(let person, _): person
        case .program(_, let owner): owner
        }
    }

    /// What every form of this caller's browser carries.
    var formToken: String? {
        if case .person(_, let formToken) = self { formToken } else { nil }
    }

    /// The name under which the caller's actions are recorded; `nil` for an anonymous one.
    var actor: String? {
        switch self {
        case .local, .anonymous: nil
        case .commandLine: "local"
        case .person(let person, _): person.name
        case .program(let token, let owner): owner?.name ?? token.name
        }
    }
}
