/// Why people or tokens can't be read or changed. Never contains a secret.
public enum AccessError: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable(String)
    case unwritable(String)
    /// The file was written by a newer version of the program.
    case newer(String, found: Int, supported: Int)
    case exists(String)
    case unknown(String)
    case badName(String)
    /// The password has fewer than ``AccessRegistry/shortestPassword`` characters.
    case shortPassword
    /// A PIN is not 4 to 12 digits.
    case badPIN
    /// The change would leave nobody who may manage people.
    case lastAdmin(String)
    /// The first person must be an admin.
    case firstIsAdmin

    public var description: String {
        switch self {
        case .unreadable(let path): "'\(path)' is not a list of people and tokens"
        case .unwritable(let path): "'\(path)' can't be written"
        case .newer(let path, let found, let supported):
            """
            '\(path)' has format \(found), written by a newer version; this one reads up to format \(supported). Install \
            the newer version again, or move the file away to begin with people and tokens anew
            """
        case .exists(let name): "'\(name)' exists already"
        case .unknown(let name): "there is no '\(name)'"
        case .badName(let name):
            "'\(name)' can't be a name: use 1 to 64 letters, digits, '_', '-', '.' and '@'"
        case .shortPassword: "a password needs at least \(AccessRegistry.shortestPassword) characters"
        case .badPIN: "a PIN is 4 to 12 digits"
        case .lastAdmin(let name): "'\(name)' is the last admin; make someone else an admin first"
        case .firstIsAdmin: "the first person must be an admin"
        }
    }
}
