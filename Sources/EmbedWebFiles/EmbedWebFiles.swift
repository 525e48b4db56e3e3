import Foundation
import PackagePlugin

/// Runs `EmbedFiles` over the package's `web/` folder before the target is compiled.
@main
struct EmbedWebFiles: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = context.package.directoryURL.appending(path: "web", directoryHint: .isDirectory)
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedWebFiles.swift")
        return [
            .buildCommand(
                displayName: "Embedding web/",
                executable: try context.tool(named: "EmbedFiles").url,
                arguments: [folder.path(percentEncoded: false), output.path(percentEncoded: false)],
                // Folders are inputs too: a file that is added or removed changes its folder's date, so the command
                // runs again although the list below was made before.
                inputFiles: [folder] + contents(of: folder),
                outputFiles: [output]
            )
        ]
    }

    private func contents(of folder: URL) -> [URL] {
        let found = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
        return (found?.compactMap { $0 as? URL } ?? []).sorted { $0.path < $1.path }
    }
}
