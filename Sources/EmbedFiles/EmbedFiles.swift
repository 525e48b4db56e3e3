import Foundation

/// `EmbedFiles FOLDER OUTPUT`: writes a Swift source file that holds every file below FOLDER.
///
/// The contents stand in it as base64 in string literals, because the compiler takes seconds for a literal of a thousand
/// bytes as an array, and no time for one as a string.
@main
struct EmbedFiles {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            FileHandle.standardError.write(Data("usage: EmbedFiles FOLDER OUTPUT\n".utf8))
            exit(2)
        }
        let folder = URL(filePath: arguments[1], directoryHint: .isDirectory)
        let output = URL(filePath: arguments[2])
        try Data(source(for: try files(below: folder)).utf8).write(to: output, options: .atomic)
    }

    /// The files below `folder` with their paths relative to it, sorted; hidden ones are left out.
    private static func files(below folder: URL) throws -> [(path: String, content: Data)] {
        let root = folder.resolvingSymlinksInPath().path(percentEncoded: false)
        let found = FileManager.default.enumerator(
            at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: [.isRegularFileKey],
            options: [.skipsHiddenFiles])
        var files: [(path: String, content: Data)] = []
        for case let file as URL in found ?? .init() {
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            let path = file.path(percentEncoded: false).dropFirst(root.count).drop { $0 == "/" }
            files.append((String(path), try Data(contentsOf: file)))
        }
        return files.sorted { $0.path < $1.path }
    }

    private static func source(for files: [(path: String, content: Data)]) -> String {
        var text = "/// The files of web/, made from them at build time: path and base64 of the content.\n"
        text += "enum EmbeddedWebFiles {\n    static let files: [(path: StaticString, base64: StaticString)] = [\n"
        for file in files {
            text += "        (\(literal(file.path)), \"\(file.content.base64EncodedString())\"),\n"
        }
        return text + "    ]\n}\n"
    }

    private static func literal(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
