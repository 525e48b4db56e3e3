import Foundation
import Testing

@testable import Web

/// Refusals and changes of rights, which the log keeps in English, in the reader's language.
struct AccessWordingTests {
    private func portuguese() throws -> Wording { try Wording(.portuguese, files: .embedded) }

    @Test(arguments: [
        ("use an unknown token", "o uso de um token desconhecido"),
        ("open home.front with a wrong PIN", "abrir home.front com um PIN errado"),
        ("sign in as ana", "entrar como ana"),
        ("sign in as ana while locked", "entrar como ana, ainda bloqueado"),
        ("subscribe to $SYS/# (and 12 more refusals)", "assinar $SYS/# (e mais 12)"),
        (
            "retained message on a/b, removed at the start (and 3 more)",
            "uma mensagem retida em a/b, removida na partida (e mais 3)"
        ),
        ("last will on {name}", "uma última vontade em {name}"),
        ("have the answer published on a/set", "ter a resposta publicada em a/set"),
        ("announce cmnd/x/POWER in homeassistant/a/config", "anunciar cmnd/x/POWER em homeassistant/a/config"),
        (
            "report gate home.front of the device esp1 on esp9/state",
            "informar o portão home.front do dispositivo esp1 em esp9/state"
        ),
        ("POST /settings/people", "POST /settings/people"),
        ("sign in as", "sign in as"), ("", ""), ("(and x more)", "(and x more)"),
    ])
    func anAttemptIsTold(_ text: String, _ expected: String) throws {
        #expect(AccessWording.attempt(text, in: try portuguese()) == expected)
    }

    @Test(arguments: [
        ("signed in from 10.0.0.7", "entrou a partir de 10.0.0.7"),
        ("added as admin at the first start", "incluído como administrador na primeira partida"),
        ("removed the PIN", "removeu o PIN"), ("removed", "removido"),
        ("rights: viewer, gates , times mon-fri 07:00-19:00", "mon-fri 07:00-19:00"),
        ("rights: viewer, gates , times ", "portões: todos, horários: todos"),
        ("topic rules: allow anyone publish a/#", "regras de tópicos: allow anyone publish a/#"),
        ("no topic rules any more", "sem regras de tópicos"),
        ("something new", "something new"),
    ])
    func aChangeIsTold(_ text: String, _ expected: String) throws {
        #expect(AccessWording.change(text, in: try portuguese()).contains(expected))
    }

    /// Whatever the service writes about access has a translation; what it writes is read from its source.
    @Test func everyTextThatTheServiceWritesIsTranslated() throws {
        let words = try portuguese()
        var found = 0
        for (file, pattern) in [
            ("Access/AccessMiddleware.swift", /deny\(\s*"([a-z][^"]*)"/),
            ("Access/SignInPages.swift", /deny\(\s*"([a-z][^"]*)"/),
        ] {
            for match in try source(file).matches(of: pattern) {
                found += 1
                let text = String(match.1).replacing(/\\\([^)]*\)+/, with: "x")
                #expect(AccessWording.attempt(text, in: words) != text, "\(text)")
            }
        }
        for (file, pattern) in [
            ("Access/SignInPages.swift", /note\("([a-z][^"]*)"/),
            ("Access/SettingsPages.swift", /Change\(\s*of: [^,]*, "([a-z].*?)"[,)]/),
        ] {
            for match in try source(file).matches(of: pattern) {
                found += 1
                let text = String(match.1).replacing(/\\\((?:[^()]|\([^()]*\))*\)/, with: "x")
                #expect(AccessWording.change(text, in: words) != text, "\(text)")
            }
        }
        #expect(found > 15)
    }

    private func source(_ file: String) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/Web")
        return try String(contentsOf: folder.appending(path: file).standardized, encoding: .utf8)
    }
}
