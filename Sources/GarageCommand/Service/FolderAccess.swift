/// How a command gets at a data folder: by itself, or by asking the service that owns it.
enum FolderAccess {
    case own(DataFolder)
    case service(ServiceClient)

    /// Takes the folder's lock, and where a service has it, finds that service. Throws a ``Failure`` if neither works.
    init(path: String) throws {
        do {
            self = .own(try DataFolder(path: path))
        } catch {
            // Whoever has it without answering requests, another command for example, is in the way.
            guard let client = try? ServiceClient(folder: path) else { throw error }
            self = .service(client)
        }
    }
}
