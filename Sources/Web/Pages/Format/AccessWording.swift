/// What was refused, or changed about someone's rights, in the reader's language.
///
/// The log keeps it in English. A text that has none of the known forms stands as it is, for example `POST /settings`.
enum AccessWording {
    /// What the log says, and the key of its translation. The first that fits counts, so the longer form is first.
    private static let attempts: [(form: String, key: String)] = [
        ("use an unknown token", "attempt_token"),
        ("open {gate} with a wrong PIN", "attempt_pin"),
        ("sign in as {name} while locked", "attempt_sign_in_locked"),
        ("sign in as {name}", "attempt_sign_in"),
        ("set up with a wrong code", "attempt_set_up"),
        ("change the password with a wrong one", "attempt_password"),
        ("connect with the client identifier of another user", "attempt_takeover"),
        ("have the answer published on {topic}", "attempt_answer"),
        ("announce {topic} in {announcement}", "attempt_announce"),
        ("report gate {gate} of the device {device} on {topic}", "attempt_report_gate"),
        ("subscribe to {topic}", "attempt_subscribe"),
        ("publish to {topic}", "attempt_publish"),
        ("last will on {topic}", "attempt_will"),
        ("retained message on {topic}, removed at the start", "attempt_retained_removed"),
        ("retained message on {topic}", "attempt_retained"),
    ]
    private static let changes: [(form: String, key: String)] = [
        ("signed in from {address}", "change_signed_in"),
        ("added as admin at the first start", "change_first_admin"),
        ("added as {role}", "change_added"),
        ("rights: {role}, gates {gates}, times {times}", "change_rights"),
        ("changed the password", "change_password"),
        ("was given a new password", "change_new_password"),
        ("changed the PIN", "change_pin"),
        ("removed the PIN", "change_no_pin"),
        ("signed out everywhere", "change_signed_out"),
        ("removed", "change_removed"),
        ("token with {scopes}", "change_token"),
        ("token revoked", "change_token_revoked"),
        ("device added", "change_device_added"),
        ("device removed", "change_device_removed"),
        ("topic rules: {rules}", "change_topic_rules"),
        ("no topic rules any more", "change_no_topic_rules"),
    ]
    /// What is said besides when not everything was recorded.
    private static let remarks: [(form: String, key: String)] = [
        ("{attempt} (and {count} more refusals)", "attempt_and_more"),
        ("{attempt} (and {count} more)", "attempt_and_more"),
    ]

    /// The attempt of an `access.denied` event.
    static func attempt(_ text: String, in words: Wording) -> String {
        for remark in remarks {
            guard var values = values(of: text, as: remark.form), values["count"].flatMap({ Int($0) }) != nil
            else { continue }
            values["attempt"] = attempt(values["attempt"] ?? "", in: words)
            return words.text(remark.key, values)
        }
        return translation(of: text, by: attempts, in: words) ?? text.cut(to: 200)
    }

    /// The change of an `access.granted-changed` event.
    static func change(_ text: String, in words: Wording) -> String {
        translation(of: text, by: changes, in: words) ?? text.cut(to: 200)
    }

    private static func translation(
        of text: String, by forms: [(form: String, key: String)], in words: Wording
    ) -> String? {
        for (form, key) in forms {
            guard var values = values(of: text, as: form) else { continue }
            if let role = values["role"] { values["role"] = words.texts["role_" + role] ?? role }
            for name in ["gates", "times"] where values[name] == "" { values[name] = words.text("change_all") }
            return words.text(key, values.mapValues { $0.cut(to: 200) })
        }
        return nil
    }

    /// What stands in the places of a form; `nil` if the text does not have that form.
    private static func values(of text: String, as form: String) -> [String: String]? {
        var values: [String: String] = [:]
        var rest = text[...]
        var parts = form.split(separator: "{", omittingEmptySubsequences: false)
        guard rest.hasPrefix(parts.removeFirst()) else { return nil }
        rest = rest.dropFirst(form.prefix { $0 != "{" }.count)
        for (index, part) in parts.enumerated() {
            let pieces = part.split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
            guard pieces.count == 2 else { return nil }
            let (name, following) = (String(pieces[0]), pieces[1])
            if index == parts.count - 1 {
                guard rest.hasSuffix(following) else { return nil }
                values[name] = String(rest.dropLast(following.count))
                rest = ""
            } else {
                guard let found = rest.ranges(of: following).last else { return nil }
                values[name] = String(rest[..<found.lowerBound])
                rest = rest[found.upperBound...]
            }
        }
        return rest.isEmpty ? values : nil
    }
}
