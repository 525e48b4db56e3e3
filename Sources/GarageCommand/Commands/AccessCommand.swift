public import Access
public import ArgumentParser
import DeviceProfiles
import GarageConfiguration

/// `garage access check`
struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access",
        abstract: "Says which topics a device or program may use, and which rule decides.",
        subcommands: [Check.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells whether a user may publish or subscribe.",
            discussion: """
                The exit code is 0 if it is allowed and 1 if not.

                  garage access check esp1 publish garage/home/gate/front/command
                """)

        @Argument(help: "The name of a device or token.") var user: String
        @Argument(help: "publish or subscribe.") var action: TopicRule.Action
        @Argument(help: "The topic, or to subscribe the topic filter.") var topic: String
        @Option(help: "The client identifier, if rules name it.") var clientID: String?
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let configuration = try await options.load()
            let commands = try ForeignDeviceSetup(configuration).commandPositions()
            let access = TopicAccess(rules: try TopicRules.read(configuration)) { commands.isCommand($0) }
            let answer = access.check(try await topicUser(configuration), action, topic)
            print("\(answer.isAllowed ? "allowed" : "refused"): \(answer.because)")
            if !answer.isAllowed { throw ExitCode.failure }
        }

        private func topicUser(_ configuration: ServiceConfiguration) async throws -> TopicUser {
            let clientID = clientID ?? user
            let credentials: DeviceCredentials
            do {
                credentials = try DeviceCredentials(folder: configuration.dataDirectory)
            } catch { throw Failure("\(error)") }
            if let device = credentials.entries.first(where: { $0.name == user }) {
                return TopicUser(
                    kind: .device, name: user, clientID: clientID,
                    topics: (device.topics ?? []).compactMap { TopicPattern($0) })
            }
            let registry = try await openRegistry(options)
            if let token = registry.tokens.first(where: { $0.name == user }) {
                return TopicUser(
                    kind: .token, name: user, clientID: clientID, scopes: registry.scopes(of: token, on: topic))
            }
            throw Failure("there is no device or token '\(user)'")
        }
    }
}

extension TopicRule.Action: ExpressibleByArgument {}
