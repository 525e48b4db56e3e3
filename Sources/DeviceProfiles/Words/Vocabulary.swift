import GarageDomain

/// The English and Portuguese words that people give to topics, keys and states.
enum Vocabulary {
    /// The quantity that a word names.
    static func quantity(_ word: String) -> Quantity? {
        switch word {
        case "temperature", "temperatura", "temp", "t", "tc": .temperature
        case "humidity", "umidade", "humidade", "humid", "hum", "h", "rh": .humidity
        default: nil
        }
    }

    /// The kind of thing that a word names: a gate or a spot.
    static func kind(_ word: String) -> Subject.Kind? {
        switch word {
        case "gate", "door", "garagedoor", "portao", "porta", "cancela", "portoes", "barrier": .gate
        case "spot", "vaga", "vagas", "parking", "parkingspot", "bay", "vehicle", "veiculo", "carro", "car": .spot
        default: nil
        }
    }

    /// Where a gate is, by a word for a resting or moving gate. `OPEN` and `CLOSE` on a state topic mean where it is.
    static func gateState(_ word: String) -> GateState? {
        switch word {
        case "open", "opened", "aberto", "aberta": .open
        case "closed", "close", "fechado", "fechada": .closed
        case "opening", "abrindo": .opening
        case "closing", "fechando": .closing
        case "stopped", "stop", "parado", "parada": .stopped
        default: nil
        }
    }

    static func isOccupied(_ word: String) -> Bool? {
        switch word {
        case "occupied", "ocupada", "ocupado", "busy", "taken", "present", "parked": true
        case "free", "livre", "vacant", "empty", "vazia", "vazio", "available", "absent": false
        default: isOn(word)
        }
    }

    static func isOn(_ word: String) -> Bool? {
        switch word {
        case "on", "1", "true", "sim", "yes": true
        case "off", "0", "false", "nao", "no": false
        default: nil
        }
    }

    /// Words that only say that something is a state or a value, so that they name nothing.
    static func isFiller(_ word: String) -> Bool {
        ["state", "status", "estado", "sensor", "sensors", "value", "valor", "data", "dados", "telemetry"].contains(
            word)
    }

    /// Words of topics that ask for something; what arrives there is no report.
    static func isRequest(_ word: String) -> Bool {
        ["comando", "cmd", "control", "controle", "acao", "action", "request", "get"].contains(word)
    }

    /// The word without the marks of Portuguese letters, in lower case: `Portão` gives `portao`.
    static func folded(_ word: some StringProtocol) -> String { withoutMarks(word).lowercased() }

    /// The text without the marks of Portuguese letters, so that it can be a name.
    static func withoutMarks(_ text: some StringProtocol) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return String(text) }
        return String(text.map { marks[$0] ?? $0 })
    }

    private static let marks: [Character: Character] = {
        var marks: [Character: Character] = [:]
        for (plain, marked) in [
            ("a", "áàâãä"), ("e", "éêè"), ("i", "íì"), ("o", "óôõö"), ("u", "úü"), ("c", "ç"), ("n", "ñ"),
            ("A", "ÁÀÂÃÄ"), ("E", "ÉÊ"), ("I", "Í"), ("O", "ÓÔÕ"), ("U", "ÚÜ"), ("C", "Ç"),
        ] {
            for character in marked { marks[character] = Character(plain) }
        }
        return marks
    }()
}
