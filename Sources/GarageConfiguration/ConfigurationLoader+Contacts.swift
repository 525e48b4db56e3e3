extension ConfigurationLoader {
    /// A contact is a URI of one line (RFC 9116 §2.5.3), and one of the web must be encrypted.
    func checkContacts(_ contacts: [String], _ name: String) throws(ConfigurationError) {
        for contact in contacts {
            let isKnown = ["mailto:", "https://", "tel:"].contains { contact.hasPrefix($0) && contact != $0 }
            guard isKnown, contact.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw ConfigurationError(
                    "\(name): each must begin with mailto:, https:// or tel:, for example "
                        + "mailto:security@example.org")
            }
        }
    }
}
