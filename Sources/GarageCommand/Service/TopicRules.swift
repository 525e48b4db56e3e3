import Access
import GarageConfiguration

/// The rules of `access.rules`.
enum TopicRules {
    /// Throws a ``ConfigurationError`` that quotes the line that is no rule.
    static func read(_ configuration: ServiceConfiguration) throws -> [TopicRule] {
        try configuration.accessRules.map { line in
            guard let rule = TopicRule(line) else {
                throw ConfigurationError(
                    "\(configuration.places.name(.accessRules)): '\(line)' is not a rule; write for example "
                        + "'allow device:esp1 publish garage/home/sensor/dht1/#'")
            }
            return rule
        }
    }
}
