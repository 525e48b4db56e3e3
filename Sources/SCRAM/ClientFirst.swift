/// The first message of a SCRAM client, `n,,n=user,r=nonce` (RFC 5802 section 7, `client-first-message`).
struct ClientFirst {
    /// What comes before the bare message: `n,,` or `y,,`, perhaps with the user's name once more.
    let header: String
    let user: String
    let nonce: String
    /// The message without its header.
    let bare: String

    private static let longestName = 256

    /// `nil` for a message that is not well-formed, that asks for channel binding or for an extension, or that wants to
    /// act for somebody else.
    init?(_ message: String) {
        let parts = message.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        // "y" is a client that knows channel binding and has seen that the server does not.
        guard parts.count == 3, parts[0] == "n" || parts[0] == "y" else { return nil }
        let fields = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 2, fields[0].hasPrefix("n="), fields[1].hasPrefix("r="),
            let user = Self.name(fields[0].dropFirst(2))
        else { return nil }
        if !parts[1].isEmpty {
            guard parts[1].hasPrefix("a="), Self.name(parts[1].dropFirst(2)) == user else { return nil }
        }
        let nonce = fields[1].dropFirst(2)
        guard !nonce.isEmpty, nonce.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        header = "\(parts[0]),\(parts[1]),"
        self.user = user
        self.nonce = String(nonce)
        bare = String(parts[2])
    }

    /// A user name with `=2C` for a comma and `=3D` for an equals sign.
    private static func name(_ text: Substring) -> String? {
        guard !text.isEmpty, text.utf8.count <= longestName, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return nil
        }
        var name = ""
        var rest = text
        while let mark = rest.firstIndex(of: "=") {
            name += rest[..<mark]
            let code = rest[mark...].prefix(3)
            switch code {
            case "=2C": name += ","
            case "=3D": name += "="
            default: return nil
            }
            rest = rest[code.endIndex...]
        }
        return name + rest
    }
}
