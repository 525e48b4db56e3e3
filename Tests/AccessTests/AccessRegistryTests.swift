import Foundation
import Synchronization
import Testing

@testable import Access

@Suite("People, sessions and tokens")
struct AccessRegistryTests {
    /// A registry on a folder of its own, at a time that the test sets.
    private final class Site: Sendable {
        let folder: String
        let time = Mutex<Int64>(1_000_000)

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func registry() throws -> AccessRegistry {
            try AccessRegistry(folder: folder, rounds: 16) { [self] in time.withLock { $0 } }
        }

        func pass(_ seconds: Int64) { time.withLock { $0 += seconds } }
    }

    private let password = "correct horse"

    @Test("The setup code makes the first admin, once")
    func setup() async throws {
        let site = try Site()
        let registry = try site.registry()
        let code = try #require(registry.setupCode())
        #expect(code.count >= 20)
        #expect(try await !registry.setUp(code: "wrong", name: "ana", password: password))
        #expect(!registry.hasPeople)
        #expect(try await registry.setUp(code: code, name: "ana", password: password))
        #expect(registry.person(named: "ana")?.role == .admin)
        #expect(registry.setupCode() == nil)
        #expect(try await !registry.setUp(code: code, name: "eve", password: password))
        #expect(registry.people.count == 1)
    }

    @Test("A session lasts over a restart and ends with its sign-out, its password or its person")
    func sessions() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        try await registry.addPerson("bia", password: password, role: .viewer)
        func signIn(_ name: String) async throws -> String {
            guard
                case .signedIn(_, let secret) = try await registry.signIn(name: name, password: password, address: "a")
            else { throw AccessError.unknown(name) }
            return secret
        }
        let first = try await signIn("ana")
        let second = try await signIn("ana")
        let third = try await signIn("bia")
        let restarted = try site.registry()
        guard case .person(let person, let token)? = restarted.session(first) else {
            Issue.record("the session did not last")
            return
        }
        #expect(person.name == "ana" && !token.isEmpty)
        #expect(restarted.session("something else") == nil)
        try restarted.signOut(first)
        #expect(registry.session(first) == nil)
        #expect(registry.session(second) != nil)
        try await registry.changePassword(of: "ana", to: "another one altogether")
        #expect(registry.session(second) == nil)
        try registry.removePerson("bia")
        #expect(registry.session(third) == nil)
    }

    @Test("A session ends when it is not used, and at the latest after 90 days")
    func expiry() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        guard case .signedIn(_, let secret) = try await registry.signIn(name: "ana", password: password, address: "a")
        else {
            Issue.record("not signed in")
            return
        }
        for _ in 0..<8 {
            site.pass(10 * 86_400)
            #expect(registry.session(secret) != nil)
        }
        site.pass(11 * 86_400)
        #expect(registry.session(secret) == nil)
    }

    @Test("Wrong passwords lock a name and an address, longer each time, and a lock passes")
    func throttle() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        for _ in 0..<5 {
            #expect(try await registry.signIn(name: "ana", password: "nope", address: "a") == .refused)
        }
        // The right password does not help while the lock holds: otherwise a guesser would learn it.
        #expect(try await registry.signIn(name: "ana", password: password, address: "b") == .locked(seconds: 2))
        #expect(try await registry.signIn(name: "nobody", password: "x", address: "a") == .locked(seconds: 2))
        site.pass(2)
        #expect(try await registry.signIn(name: "ana", password: "nope", address: "c") == .refused)
        #expect(try await registry.signIn(name: "ana", password: password, address: "c") == .locked(seconds: 4))
        site.pass(4)
        guard case .signedIn = try await registry.signIn(name: "ana", password: password, address: "c") else {
            Issue.record("the lock did not pass")
            return
        }
    }

    @Test("Guesses made at once are counted one by one, not after all have been checked")
    func parallelGuesses() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        let answers = try await withThrowingTaskGroup(of: AccessRegistry.SignIn.self) { group in
            for number in 0..<60 {
                group.addTask { try await registry.signIn(name: "ana", password: "nope", address: "a\(number)") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == .refused } == 5)
        #expect(answers.count { $0 == .locked(seconds: 2) } == 55)
        let person = try #require(registry.person(named: "ana"))
        let pins = await withTaskGroup(of: AccessRegistry.SignIn.self) { group in
            for _ in 0..<60 { group.addTask { await registry.checkPIN("1234", of: person) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(pins.count { $0 == .refused } == 5)
    }

    @Test("A flood of guesses is turned away, counts for nobody, and ends with the flood")
    func busy() async throws {
        let registry = try Site().registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        let person = try #require(registry.person(named: "ana"))
        for _ in 0..<HashingQueue.mostWaiting { #expect(registry.hashing.enter()) }
        for _ in 0..<20 {
            #expect(try await registry.signIn(name: "ana", password: "nope", address: "a") == .busy)
            #expect(await registry.checkPIN("1234", of: person) == .busy)
        }
        registry.hashing.leave()
        // Neither the twenty that were turned away nor those that are locked take a place for good.
        guard case .signedIn = try await registry.signIn(name: "ana", password: password, address: "a") else {
            Issue.record("the password is right, and a place was free")
            return
        }
        for _ in 0..<10 { _ = try await registry.signIn(name: "ana", password: "nope", address: "b") }
        guard case .locked = try await registry.signIn(name: "ana", password: password, address: "b") else {
            Issue.record("ten wrong guesses lock")
            return
        }
        #expect(registry.hashing.enter())
    }

    @Test("The lock of a wrong password begins when the check of it ends")
    func slowCheck() async throws {
        let site = try Site()
        // Every look at the clock is two seconds after the one before.
        let registry = try AccessRegistry(folder: site.folder, rounds: 16) {
            site.time.withLock { time in
                time += 2
                return time
            }
        }
        try await registry.addPerson("ana", password: password, role: .admin)
        for _ in 0..<6 { _ = try await registry.signIn(name: "ana", password: "nope", address: "a") }
        guard case .locked = try await registry.signIn(name: "ana", password: password, address: "a") else {
            Issue.record("the lock had passed before the answer")
            return
        }
    }

    @Test("A token is known by its secret until it expires or is revoked, and the file holds no secret")
    func tokens() async throws {
        let site = try Site()
        let registry = try site.registry()
        let secret = try registry.addToken("sign", scopes: [.read], expires: 1_000_100)
        let lasting = try registry.addToken("backup", scopes: [.read, .note], expires: nil)
        #expect(throws: AccessError.exists("sign")) { try registry.addToken("sign", scopes: [], expires: nil) }
        guard case .program(let token, nil)? = registry.token(secret) else {
            Issue.record("the token is unknown")
            return
        }
        #expect(token.name == "sign" && token.scopes == [.read])
        #expect(registry.token("garage_x") == nil)
        let text = try String(contentsOfFile: site.folder + "/access.json", encoding: .utf8)
        #expect(!text.contains(secret) && !text.contains(lasting))
        #expect(registry.tokens.first { $0.name == "sign" }?.lastUsed == 1_000_000)
        site.pass(100)
        #expect(registry.token(secret) == nil)
        #expect(registry.token(lasting) != nil)
        try registry.removeToken("backup")
        #expect(registry.token(lasting) == nil)
    }

    @Test("A token that acts for a person ends with the person")
    func ownedToken() async throws {
        let registry = try Site().registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        try await registry.addPerson("bia", password: password, role: .operator)
        #expect(throws: AccessError.unknown("eve")) {
            try registry.addToken("x", scopes: [.read], owner: "eve", expires: nil)
        }
        let secret = try registry.addToken("phone", scopes: [.command], owner: "bia", expires: nil)
        guard case .program(_, let owner?)? = registry.token(secret) else {
            Issue.record("the token is unknown")
            return
        }
        #expect(owner.name == "bia")
        try registry.removePerson("bia")
        #expect(registry.token(secret) == nil)
        // Nor does it act for whoever gets the name next.
        try await registry.addPerson("bia", password: password, role: .admin)
        #expect(registry.token(secret) == nil && registry.tokens.isEmpty)
    }

    @Test("Over MQTT a token may do no more than its person, and past the gates only for one without limits")
    func scopes() async throws {
        let registry = try Site().registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        try await registry.addPerson("bia", password: password, role: .operator)
        _ = try registry.addToken("phone", scopes: [.read, .command], owner: "bia", expires: nil)
        _ = try registry.addToken("panel", scopes: [.read, .command], expires: nil)
        let token = try #require(registry.validToken(named: "phone"))
        let panel = try #require(registry.validToken(named: "panel"))
        let (own, foreign) = ("garage/home/gate/front/command", "cmnd/relay/POWER")
        for topic in [own, foreign] {
            #expect(registry.scopes(of: token, on: topic) == [.read, .command])
            #expect(registry.scopes(of: panel, on: topic) == [.read, .command])
        }
        try registry.changeRights(of: "bia", role: .operator, gates: ["home.front"], schedule: nil)
        #expect(registry.scopes(of: token, on: own) == [.read, .command])
        #expect(registry.scopes(of: token, on: foreign) == [.read])
        try registry.changeRights(of: "bia", role: .operator, gates: nil, schedule: Schedule("daily 08:00-09:00"))
        #expect(registry.scopes(of: token, on: foreign) == [.read])
        try registry.changeRights(of: "bia", role: .operator, gates: nil, schedule: nil)
        try await registry.changePIN(of: "bia", to: "4711")
        #expect(registry.scopes(of: token, on: foreign) == [.read])
        try await registry.changePIN(of: "bia", to: nil)
        try registry.changeRights(of: "bia", role: .viewer, gates: nil, schedule: nil)
        #expect(registry.scopes(of: token, on: own) == [.read] && registry.scopes(of: token, on: foreign) == [.read])
        try registry.removePerson("bia")
        #expect(registry.scopes(of: token, on: own).isEmpty)
    }

    @Test("What another process changes is in force at once, and no change is lost")
    func shared() async throws {
        let site = try Site()
        let service = try site.registry()
        let commandLine = try site.registry()
        try await commandLine.addPerson("ana", password: password, role: .admin)
        #expect(service.hasPeople)
        try await service.addPerson("bia", password: password, role: .operator)
        try await commandLine.addPerson("caio", password: password, role: .viewer)
        #expect(service.people.map(\.name) == ["ana", "bia", "caio"])
        let mode = try FileManager.default.attributesOfItem(atPath: site.folder + "/access.json")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("There is always an admin")
    func lastAdmin() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        try await registry.addPerson("bia", password: password, role: .viewer)
        #expect(throws: AccessError.lastAdmin("ana")) { try registry.removePerson("ana") }
        #expect(throws: AccessError.lastAdmin("ana")) {
            try registry.changeRights(of: "ana", role: .viewer, gates: nil, schedule: nil)
        }
        try registry.changeRights(of: "bia", role: .admin, gates: nil, schedule: nil)
        try registry.removePerson("ana")
        #expect(registry.people.map(\.name) == ["bia"])
    }

    @Test("Bad names, passwords and PINs are refused")
    func badInput() async throws {
        let registry = try Site().registry()
        for name in ["", "a b", "ana/x", String(repeating: "x", count: 65), "josé"] {
            await #expect(throws: AccessError.badName(name)) {
                try await registry.addPerson(name, password: password, role: .viewer)
            }
        }
        await #expect(throws: AccessError.shortPassword) {
            try await registry.addPerson("ana", password: "123456789", role: .viewer)
        }
        await #expect(throws: AccessError.badPIN) {
            try await registry.addPerson("ana", password: password, role: .admin, pin: "12a4")
        }
        await #expect(throws: AccessError.firstIsAdmin) {
            try await registry.addPerson("ana", password: password, role: .operator)
        }
    }

    @Test("Rights name gates and times, and a PIN is checked slowly")
    func rights() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        try await registry.addPerson(
            "bia", password: password, role: .operator, gates: ["home.front"], schedule: Schedule("mon 07:00-08:00"),
            pin: "4711")
        let bia = try #require(registry.person(named: "bia"))
        #expect(bia.hasPIN)
        #expect(bia.mayMove("home.front", weekday: 0, minute: 430))
        #expect(!bia.mayMove("home.front", weekday: 1, minute: 430))
        #expect(!bia.mayMove("home.back", weekday: 0, minute: 430))
        #expect(await registry.checkPIN("4711", of: bia) == .signedIn(bia, secret: ""))
        for _ in 0..<5 { #expect(await registry.checkPIN("0000", of: bia) == .refused) }
        #expect(await registry.checkPIN("4711", of: bia) == .locked(seconds: 2))
    }

    @Test("A broken file is an error at the start, and leaves the last good state in force later")
    func brokenFile() async throws {
        let site = try Site()
        let registry = try site.registry()
        try await registry.addPerson("ana", password: password, role: .admin)
        try Data("{".utf8).write(to: URL(filePath: site.folder + "/access.json"))
        #expect(registry.hasPeople)
        #expect(throws: AccessError.unreadable(site.folder + "/access.json")) { try site.registry() }
    }
}
