import Configuration

/// Takes single settings from the sources in order and checks them.
struct SettingReader {
    let sources: [Source]

    /// The first source's text for a key, and where it stands. Throws for a list, which would else be passed over.
    private func find(_ key: Key) throws(ConfigurationError) -> (text: String, source: String)? {
        for source in sources {
            let configKey = ConfigKey(key.rawValue)
            if let text = source.reader.string(forKey: configKey) { return (text, source.place(of: key)) }
            if source.reader.stringArray(forKey: configKey) != nil {
                throw ConfigurationError("\(key.rawValue) in \(source.place(of: key)) takes one value, not a list")
            }
        }
        return nil
    }

    /// Where a key is set; `nil` if it is not.
    func place(of key: Key) -> String? {
        let configKey = ConfigKey(key.rawValue)
        let source = sources.first {
            $0.reader.string(forKey: configKey) != nil || $0.reader.stringArray(forKey: configKey) != nil
        }
        return source?.place(of: key)
    }

    /// A key as errors name it: with where it is set.
    func name(_ key: Key) -> String { key.rawValue + (place(of: key).map { " in \($0)" } ?? "") }

    func text(_ key: Key, _ assign: (String) -> Void) throws(ConfigurationError) {
        guard let (text, source) = try find(key) else { return }
        guard !text.isEmpty else { throw ConfigurationError("\(key.rawValue) in \(source) is empty") }
        assign(text)
    }

    /// As `text`, and `off` means none.
    func optionalText(_ key: Key, _ assign: (String?) -> Void) throws(ConfigurationError) {
        try text(key) { assign($0 == "off" ? nil : $0) }
    }

    /// Reads `true` or `false`.
    func flag(_ key: Key, _ assign: (Bool) -> Void) throws(ConfigurationError) {
        try choice(key, of: ["true", "false"]) { assign($0 == "true") }
    }

    /// Reads a list, in YAML form or as one text with commas. Without `choices` any text will do.
    func list(_ key: Key, of choices: [String]? = nil, _ assign: ([String]) -> Void) throws(ConfigurationError) {
        for source in sources {
            let configKey = ConfigKey(key.rawValue)
            let items: [String]
            if let list = source.reader.stringArray(forKey: configKey) {
                items = list
            } else if let text = source.reader.string(forKey: configKey) {
                items = text.split(separator: ",").map { String($0) }
            } else {
                continue
            }
            let trimmed = items.map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }.filter {
                !$0.isEmpty
            }
            if let choices, let wrong = trimmed.first(where: { !choices.contains($0) }) {
                throw ConfigurationError(
                    "\(key.rawValue) in \(source.place(of: key)) has '\(wrong)'; it takes any of \(choices.joined(separator: ", "))"
                )
            }
            assign(trimmed)
            return
        }
    }

    /// A text that is hard to guess. It stands in no error.
    func secret(_ key: Key, _ assign: (String) -> Void) throws(ConfigurationError) {
        guard let (text, source) = try find(key) else { return }
        guard (16...256).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ConfigurationError(
                "\(key.rawValue) in \(source) takes 16 to 256 visible ASCII characters without blanks")
        }
        assign(text)
    }

    func number(_ key: Key, in range: ClosedRange<Int>, _ assign: (Int) -> Void) throws(ConfigurationError) {
        guard let (text, source) = try find(key) else { return }
        guard let number = Int(text), range.contains(number) else {
            throw ConfigurationError(
                "\(key.rawValue) in \(source) is '\(text)'; it takes a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        assign(number)
    }

    func choice(_ key: Key, of choices: [String], _ assign: (String) -> Void) throws(ConfigurationError) {
        guard let (text, source) = try find(key) else { return }
        guard choices.contains(text) else {
            throw ConfigurationError(
                "\(key.rawValue) in \(source) is '\(text)'; it takes \(choices.joined(separator: ", "))")
        }
        assign(text)
    }

    func address(_ key: Key, _ assign: (HostPort) -> Void) throws(ConfigurationError) {
        guard let (text, source) = try find(key) else { return }
        guard let address = HostPort(text) else {
            throw ConfigurationError(
                "\(key.rawValue) in \(source) is '\(text)'; it takes HOST:PORT, for example 127.0.0.1:1883")
        }
        assign(address)
    }

    /// Reads a list of addresses; `off` is the empty one.
    func addresses(_ key: Key, _ assign: ([HostPort]) -> Void) throws(ConfigurationError) {
        var texts: [String]?
        try list(key) { texts = $0 }
        guard let texts else { return }
        if texts == ["off"] { return assign([]) }
        var addresses: [HostPort] = []
        for text in texts {
            guard let address = HostPort(text) else {
                throw ConfigurationError(
                    "\(name(key)) has '\(text)'; it takes HOST:PORT, for example 127.0.0.1:1883, several of them, or off"
                )
            }
            addresses.append(address)
        }
        assign(addresses)
    }
}
