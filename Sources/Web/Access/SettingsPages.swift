import Access
import EventLog
import Foundation
import GarageDomain
import Hummingbird

/// `/settings`: people, tokens and devices, for admins.
struct SettingsPages: Sendable {
    let signIn: SignInPages
    private var access: AccessControl { signIn.access }
    private var journal: AccessJournal { signIn.journal }

    init(signIn: SignInPages) { self.signIn = signIn }

    func addRoutes(to router: Router<WebContext>) {
        router.get("/settings") { request, _ in try await page(request, error: nil) }
        add(router, "people") { form in
            try await access.registry.addPerson(
                form["name"], password: form["password"], role: try role(form), gates: gates(form),
                schedule: try schedule(form))
            return Change(of: form["name"], "added as \(form["role"])")
        }
        add(router, "people/rights") { form in
            try access.registry.changeRights(
                of: form["name"], role: try role(form), gates: gates(form), schedule: try schedule(form))
            return Change(
                of: form["name"], "rights: \(form["role"]), gates \(form["gates"]), times \(form["schedule"])")
        }
        add(router, "people/password") { form in
            try await access.registry.changePassword(of: form["name"], to: form["password"])
            return Change(of: form["name"], "was given a new password")
        }
        add(router, "people/sign-out") { form in
            try access.registry.signOutEverywhere(form["name"])
            return Change(of: form["name"], "signed out everywhere")
        }
        add(router, "people/remove") { form in
            try access.registry.removePerson(form["name"])
            return Change(of: form["name"], "removed")
        }
        add(router, "tokens") { form in
            let scopes = Set(form.all("scope").compactMap { Permission(rawValue: $0) })
            guard !scopes.isEmpty else { throw SettingsError("token_without_scope") }
            let days = try days(form)
            let secret = try access.registry.addToken(
                form["name"], scopes: scopes, owner: form["owner"].isEmpty ? nil : form["owner"],
                expires: days.map { Int64(Date().timeIntervalSince1970) + $0 * 86_400 })
            return Change(
                of: form["name"], "token with \(scopes.map(\.rawValue).sorted().joined(separator: ", "))",
                secret: secret, secretTitle: "token_made")
        }
        add(router, "tokens/remove") { form in
            try access.registry.removeToken(form["name"])
            return Change(of: form["name"], "token revoked")
        }
        add(router, "devices") { form in
            guard Name(form["name"]) != nil else { throw AccessError.badName(form["name"]) }
            let topics = form["topics"].split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
            guard topics.allSatisfy({ TopicPattern($0) != nil }) else { throw SettingsError("device_bad_topic") }
            let password: String
            do {
                password = try access.devices.addDevice(form["name"], topics: topics)
            } catch { throw SettingsError("access_exists") }
            return Change(of: form["name"], "device added", secret: password, secretTitle: "device_made")
        }
        add(router, "devices/remove") { form in
            do {
                try access.devices.removeDevice(form["name"])
            } catch { throw SettingsError("access_unknown") }
            return Change(of: form["name"], "device removed")
        }
    }

    /// What a form changed.
    private struct Change {
        var user: String
        var text: String
        /// Shown once.
        var secret: String?
        var secretTitle: String?

        init(of user: String, _ text: String, secret: String? = nil, secretTitle: String? = nil) {
            self.user = user
            self.text = text
            self.secret = secret
            self.secretTitle = secretTitle
        }
    }

    private func add(
        _ router: Router<WebContext>, _ path: String, _ body: @escaping @Sendable (Form) async throws -> Change
    ) {
        router.post(RouterPath("/settings/\(path)")) { request, _ in
            guard OriginCheck.isOwn(request) else { throw PageProblem.foreignOrigin }
            let form = try await Form(request)
            let change: Change
            do {
                change = try await body(form)
            } catch let error as AccessError {
                return try await page(request, error: error.messageKey, draft: Draft(path: path, form: form))
            } catch let error as SettingsError {
                return try await page(request, error: error.messageKey, draft: Draft(path: path, form: form))
            }
            await journal.note(change.text, of: change.user, by: CallerIdentity.current.actor ?? "anonymous")
            guard let secret = change.secret, let title = change.secretTitle else {
                return PageResponse.seeOther("/settings")
            }
            return try await signIn.show(
                "secret", title: title, error: nil,
                values: ["heading": title, "name": change.user, "secret": secret], request)
        }
    }

    private func page(_ request: Request, error: String?, draft: Draft? = nil) async throws -> Response {
        let text = try await signIn.pages.text(for: Visit(request))
        let registry = access.registry
        func time(_ seconds: Int64?) -> Markup? {
            seconds.map { text.longTime(Timestamp(microseconds: $0 * 1_000_000)) }
        }
        var values: [String: Any] = [
            "people": registry.people.map { person -> [String: Any] in
                let change = draft?.change(of: person.name)
                let rights = draft?.path == "people/rights" ? change : nil
                return [
                    "name": person.name, "roles": roles(text, selected: person.role), "isOpen": change != nil,
                    "choices": roles(text, selected: rights?.role ?? person.role),
                    "gates": (person.gates ?? []).sorted().joined(separator: ", "),
                    "schedule": person.schedule?.description ?? "",
                    "writtenGates": rights?["gates"] ?? (person.gates ?? []).sorted().joined(separator: ", "),
                    "writtenSchedule": rights?["schedule"] ?? person.schedule?.description ?? "",
                ]
            },
            "roles": roles(text, selected: draft?.adding("people")?.role ?? .operator),
            "tokens": registry.tokens.map { token -> [String: Any] in
                [
                    "name": token.name,
                    "scopes": Permission.allCases.filter(token.scopes.contains)
                        .map { text.words.text("scope_" + $0.rawValue) }.joined(separator: ", "),
                    "owner": token.owner ?? "", "expires": time(token.expires) ?? Markup(""),
                    "lastUsed": time(token.lastUsed) ?? Markup(""),
                ]
            },
            "scopes": Permission.allCases.map { scope -> [String: Any] in
                [
                    "value": scope.rawValue, "label": text.words.text("scope_\(scope.rawValue)"),
                    "isChosen": draft?.adding("tokens")?.all("scope").contains(scope.rawValue) ?? false,
                ]
            },
            "owners": registry.people.map { person -> [String: Any] in
                ["name": person.name, "isChosen": draft?.adding("tokens")?["owner"] == person.name]
            },
            "devices": try access.devices.devices().map { device -> [String: Any] in
                ["name": device.name, "topics": device.topics.joined(separator: ", ")]
            },
        ]
        values["newPerson"] = draft?.values("people", ["name", "gates", "schedule"])
        values["newDevice"] = draft?.values("devices", ["name", "topics"])
        values["newToken"] = draft?.values("tokens", ["name", "days"])
        values["hasPeople"] = !registry.people.isEmpty
        values["hasTokens"] = !registry.tokens.isEmpty
        values["hasDevices"] = !((values["devices"] as? [Any])?.isEmpty ?? true)
        return try await signIn.show(
            "settings", title: "settings_title", error: error, values: values,
            status: error == nil ? .ok : .unprocessableContent, request)
    }

    private func roles(_ text: PageText, selected: Role) -> [[String: Any]] {
        Role.allCases.map { role in
            [
                "value": role.rawValue, "label": text.words.text("role_\(role.rawValue)"), "selected": role == selected,
            ]
        }
    }

    private func role(_ form: Form) throws -> Role {
        guard let role = Role(rawValue: form["role"]) else { throw PageProblem.badForm }
        return role
    }

    /// `nil` for a token that lasts for ever, which nobody gets who wrote something else.
    private func days(_ form: Form) throws -> Int64? {
        guard !form["days"].isEmpty else { return nil }
        guard let days = Int64(form["days"]), (1...3650).contains(days) else { throw SettingsError("token_bad_days") }
        return days
    }

    private func gates(_ form: Form) -> Set<String>? {
        let names = form["gates"].split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
        return names.isEmpty ? nil : Set(names)
    }

    private func schedule(_ form: Form) throws -> Schedule? {
        guard !form["schedule"].isEmpty else { return nil }
        guard let schedule = Schedule(form["schedule"]) else { throw SettingsError("access_bad_schedule") }
        return schedule
    }
}

/// A form that was not taken, to be shown again as it was filled in, without passwords.
private struct Draft {
    let path: String
    let form: Form

    /// The form if it was to change what is set about a person.
    func change(of person: String) -> Form? {
        path.hasPrefix("people/") && form["name"] == person ? form : nil
    }

    /// The form if it was to add something.
    func adding(_ path: String) -> Form? { path == self.path ? form : nil }

    /// The fields of the form if it was to add something, for the template.
    func values(_ path: String, _ fields: [String]) -> [String: Any]? {
        guard let form = adding(path) else { return nil }
        var values: [String: Any] = ["isOpen": true]
        for field in fields { values[field] = form[field].cut(to: 1000) }
        return values
    }
}

extension Form {
    /// The role that was chosen.
    fileprivate var role: Role? { Role(rawValue: self["role"]) }
}

/// Why a form of the settings page was not taken.
private struct SettingsError: Error {
    let messageKey: String
    init(_ messageKey: String) { self.messageKey = messageKey }
}
