public import Access
public import ArgumentParser
import Foundation
import GarageConfiguration

/// `garage tokens add|list|remove`
struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Manages the tokens of programs that use the API or publish commands.",
        discussion: """
            A token goes into the header 'Authorization: Bearer garage_…' of a request, or into the password of an MQTT
            connection whose user name is the token's name:

              garage tokens add sign --scope read
            """,
        subcommands: [Add.self, List.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a token and prints its secret, once.")
        @Argument(help: "The name under which the program's actions are recorded.") var name: String
        @Option(help: "What it may do: read, command, note or admin. Can be given more than once.")
        var scope: [Permission] = [.read]
        @Option(name: .customLong("for"), help: "The person for whom it acts; it can do no more than that person.")
        var owner: String?
        @Option(help: "Days until it expires; never if left out.") var days: Int?
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if let days, !(1...36_500).contains(days) { throw ValidationError("--days takes 1 to 36500") }
        }

        func run() async throws {
            let registry = try await openRegistry(options)
            let expires = days.map { Int64(Date().timeIntervalSince1970) + Int64($0) * 86_400 }
            let secret = try await report {
                try registry.addToken(name, scopes: Set(scope), owner: owner, expires: expires)
            }
            print("\(secret)\n\nThe token is not stored and can't be shown again.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the tokens, their scopes and last use.")
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let tokens = try await openRegistry(options).tokens
            if tokens.isEmpty { print("No tokens yet; make one with 'garage tokens add NAME'.") }
            for token in tokens {
                let scopes = token.scopes.map(\.rawValue).sorted().joined(separator: ",")
                let used = token.lastUsed.map { "last used \(text($0))" } ?? "never used"
                let expires = token.expires.map { "\texpires \(text($0))" } ?? ""
                print("\(token.name)\t\(scopes)\(token.owner.map { "\tfor \($0)" } ?? "")\t\(used)\(expires)")
            }
        }

        private func text(_ seconds: Int64) -> String {
            Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revokes a token.")
        @Argument(help: "The token's name.") var name: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let registry = try await openRegistry(options)
            try await report { try registry.removeToken(name) }
            print("The token '\(name)' is revoked.")
        }
    }
}

extension Permission: ExpressibleByArgument {}
