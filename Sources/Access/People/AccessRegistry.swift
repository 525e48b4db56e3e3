import Foundation
import Synchronization

/// Who may sign in and what they may do, kept in `access.json` of the data folder and read again when the file changes.
///
/// Without people in it the service is as open as its addresses: everything on loopback, nothing else.
public final class AccessRegistry: Sendable {
    /// A session of a browser or a program, as the HTTP server needs it.
    public enum Identity: Sendable, Hashable {
        /// A person in a browser; `formToken` must come back with every form.
        case person(Person, formToken: String)
        /// A program, and the person for whom it acts.
        case program(APIToken, owner: Person?)
    }

    /// What became of an attempt to sign in.
    public enum SignIn: Sendable, Hashable {
        /// `secret` goes into the cookie.
        case signedIn(Person, secret: String)
        case refused
        /// Too many wrong passwords; seconds until the next attempt counts.
        case locked(seconds: Int64)
        /// Too many are being checked; this one was not, and counts as no guess.
        case busy
    }

    /// Characters that a person's password needs at least.
    public static let shortestPassword = 10

    private struct Cache {
        var content: AccessFile.Content
        var stamp: AccessFile.Stamp?
        var throttle = SignInThrottle()
        var setupCode: String?
    }

    let file: AccessFile
    let clock: @Sendable () -> Int64
    private let cache: Mutex<Cache>
    let hashing = HashingQueue()
    private let rounds: Int

    /// - Parameters:
    ///   - folder: the data folder.
    ///   - clock: seconds since 1970.
    ///   - rounds: the cost of password hashes.
    /// - Throws: ``AccessError/unreadable(_:)`` if the file is there and can't be read.
    public init(
        folder: String, rounds: Int = PasswordHash.standardRounds, clock: @escaping @Sendable () -> Int64
    ) throws(AccessError) {
        file = AccessFile(folder: folder)
        self.clock = clock
        self.rounds = rounds
        let stamp = file.stamp
        cache = Mutex(Cache(content: try file.read(), stamp: stamp))
    }

    // MARK: Reading

    public var people: [Person] { content.people }
    public var tokens: [APIToken] { content.tokens }
    /// Whether anyone can sign in.
    public var hasPeople: Bool { !content.people.isEmpty }

    public func person(named name: String) -> Person? { content.people.first { $0.name == name } }

    /// What is in the file now. A file that was broken by hand leaves the last good state in force.
    private var content: AccessFile.Content {
        let stamp = file.stamp
        return cache.withLock { cache in
            if stamp != cache.stamp, let fresh = try? file.read() {
                cache.content = fresh
                cache.stamp = stamp
            }
            return cache.content
        }
    }

    // MARK: Setup

    /// The one-time code that makes the first admin; `nil` once there are people. The same for as long as the process runs.
    public func setupCode() -> String? {
        guard !hasPeople else { return nil }
        return cache.withLock { cache in
            let code = cache.setupCode ?? RandomSecret.text(18)
            cache.setupCode = code
            return code
        }
    }

    /// Makes the first admin. `false` if the code is wrong or was used.
    public func setUp(code: String, name: String, password: String) async throws -> Bool {
        guard let expected = setupCode(), RandomSecret.matches(code, RandomSecret.digest(expected)) else {
            return false
        }
        try await addPerson(name, password: password, role: .admin, onlyIfFirst: true)
        cache.withLock { $0.setupCode = nil }
        return true
    }

    // MARK: Signing in

    /// Checks a password and starts a session. Takes as long for a name that does not exist.
    /// - Parameter address: the caller's address without its port.
    public func signIn(name: String, password: String, address: String) async throws -> SignIn {
        let keys = ["name:" + name.prefix(64), "address:" + address]
        guard hashing.enter() else { return .busy }
        if let wait = attempt(keys) {
            hashing.leave()
            return .locked(seconds: wait)
        }
        guard let person = await verified(name: name, password: password) else {
            refuse(keys)
            return .refused
        }
        cache.withLock { $0.throttle.noteSuccess(keys) }
        let now = clock()
        let secret = RandomSecret.text(24)
        let session = BrowserSession(
            digest: RandomSecret.digest(secret), person: person.name, formToken: RandomSecret.text(18), created: now,
            lastUsed: now)
        try change { content in
            content.sessions.removeAll { !$0.isAlive(at: now) }
            content.sessions.append(session)
        }
        return .signedIn(person, secret: secret)
    }

    /// Counts an attempt as wrong before it is checked, since checking takes long: others made meanwhile are locked too.
    /// - Returns: the seconds to wait, if it may not be made now.
    private func attempt(_ keys: [String]) -> Int64? {
        let now = clock()
        return cache.withLock { cache in
            if let until = cache.throttle.lockedUntil(keys, at: now) { return until - now }
            cache.throttle.noteFailure(keys, at: now)
            return nil
        }
    }

    /// The lock of an attempt that was wrong begins with the answer, not before the check.
    private func refuse(_ keys: [String]) {
        let now = clock()
        cache.withLock { $0.throttle.extendLock(keys, at: now) }
    }

    /// The person with this name and password. The caller has a place in the queue.
    private func verified(name: String, password: String) async -> Person? {
        let person = person(named: name)
        // An unknown name costs the same time as a known one.
        let hash = person?.password ?? (try? PasswordHash(RandomSecret.text(8), rounds: 2))
        let rounds = rounds
        let matches = await hashing.run {
            if person == nil { _ = try? PasswordHash(password, rounds: rounds) }
            return hash?.matches(password) ?? false
        }
        return matches ? person : nil
    }

    /// Whether the PIN is the person's. Wrong ones are throttled as passwords are.
    public func checkPIN(_ pin: String, of person: Person) async -> SignIn {
        let keys = ["pin:" + person.name]
        guard hashing.enter() else { return .busy }
        if let wait = attempt(keys) {
            hashing.leave()
            return .locked(seconds: wait)
        }
        guard await hashing.run({ person.pin?.matches(pin) ?? false }) else {
            refuse(keys)
            return .refused
        }
        cache.withLock { $0.throttle.noteSuccess(keys) }
        return .signedIn(person, secret: "")
    }

    /// Who has the session with this secret; `nil` if it has ended.
    public func session(_ secret: String) -> Identity? {
        let now = clock()
        let content = content
        guard let session = content.sessions.first(where: { RandomSecret.matches(secret, $0.digest) }),
            session.isAlive(at: now), let person = content.people.first(where: { $0.name == session.person })
        else { return nil }
        if now - session.lastUsed > 3600 {
            try? change { content in
                guard let index = content.sessions.firstIndex(where: { $0.digest == session.digest }) else { return }
                content.sessions[index].lastUsed = now
            }
        }
        return .person(person, formToken: session.formToken)
    }

    /// Which program has this token; `nil` if there is none, or it has expired.
    public func token(_ secret: String) -> Identity? {
        guard secret.hasPrefix(APIToken.prefix) else { return nil }
        let now = clock()
        let content = content
        guard let token = content.tokens.first(where: { RandomSecret.matches(secret, $0.digest) }),
            token.expires.map({ now < $0 }) ?? true
        else { return nil }
        let owner = token.owner.flatMap { name in content.people.first { $0.name == name } }
        if token.owner != nil && owner == nil { return nil }
        if token.lastUsed.map({ now - $0 > 60 }) ?? true {
            try? change { content in
                guard let index = content.tokens.firstIndex(where: { $0.name == token.name }) else { return }
                content.tokens[index].lastUsed = now
            }
        }
        return .program(token, owner: owner)
    }

    // MARK: Changing

    @discardableResult
    func change<Value>(_ body: (inout AccessFile.Content) throws(AccessError) -> Value) throws(AccessError) -> Value {
        let (value, content) = try file.change(body)
        let stamp = file.stamp
        cache.withLock { cache in
            cache.content = content
            cache.stamp = stamp
        }
        return value
    }

    /// Hashes on a thread of its own.
    func hash(_ secret: String) async throws -> PasswordHash {
        let rounds = rounds
        return try await hashing.perform { try PasswordHash(secret, rounds: rounds) }
    }
}
