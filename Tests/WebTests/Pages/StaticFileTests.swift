import Foundation
import NIOCore
import Testing

@testable import Web

/// The style sheets, scripts and icons.
struct StaticFileTests {
    @Test func aFileOfThisVersionIsKeptForGood() async throws {
        let folder = StaticFiles(files: .embedded).folder
        try await PageClient.with(SampleGarage()) { client async throws in
            let answer = try await client.get("\(folder)/style.css")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "text/css; charset=utf-8")
            #expect(answer.header("Cache-Control") == "public, max-age=31536000, immutable")
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
            let tag = try #require(answer.header("ETag"))
            #expect(try await client.get("\(folder)/style.css", [("If-None-Match", tag)]).status == 304)
            #expect(
                try await client.get("\(folder)/style.css", [("If-None-Match", "\"other\", W/\(tag)")]).status == 304)
            #expect(try await client.get("\(folder)/style.css", [("If-None-Match", "\"other\"")]).status == 200)
            #expect(try await client.get("/static/old/style.css").header("Cache-Control") == "no-cache")
        }
    }

    @Test func everyFileThatAPageOrModuleNamesIsThere() async throws {
        let folder = StaticFiles(files: .embedded).folder
        try await PageClient.with(SampleGarage.filled(at: SampleTime.now)) { client async throws in
            var paths: Set<String> = []
            for path in ["/", "/events", "/nothing", "/sensors/home.dht1"] {
                let page = try await client.get(path, [("Accept", "text/html")]).text
                for match in page.matches(of: /(?:href|src)="(\/static\/[^"#]+)/) { paths.insert(String(match.1)) }
                for match in page.matches(of: /icons\.svg#([a-z-]+)"/) {
                    let icons = try #require(WebFiles.embedded.file("static/icons.svg"))
                    #expect(String(buffer: icons.content).contains("id=\"\(match.1)\""), "\(match.1)")
                }
            }
            for module in paths.filter({ $0.hasSuffix(".js") }) {
                for match in try await client.get(module).text.matches(of: /(?:from|import) "\.\/([a-z]+\.js)"/) {
                    paths.insert("\(folder)/\(match.1)")
                }
            }
            #expect(paths.count >= 6)
            for path in paths { #expect(try await client.get(path).status == 200, "\(path)") }
        }
    }

    @Test(arguments: [
        "/static/x/../templates/layout.mustache", "/static/x/%2e%2e/locales/en.json", "/static/x/nothing.css",
        "/static/x/",
        "/static/x/style.css/", "/static/x//style.css", "/static/x/style",
    ])
    func nothingElseIsServed(path: String) async throws {
        try await PageClient.with(SampleGarage()) { client async throws in
            let answer = try await client.get(path)
            #expect(
                answer.status == 404 || answer.status == 200 && answer.header("Content-Type")?.contains("css") == true)
            #expect(!answer.text.contains("{{"))
        }
    }

    @Test func aFolderTakesThePlaceOfTheFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "web-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "static"), withIntermediateDirectories: true)
        try Data("a {}".utf8).write(to: folder.appending(path: "static/a.css"))
        try Data("secret".utf8).write(to: folder.appending(path: ".hidden"))
        let files = WebFiles(folder: folder.path)
        #expect(files.file("static/a.css").map { String(buffer: $0.content) } == "a {}")
        try Data("b {}".utf8).write(to: folder.appending(path: "static/a.css"))
        #expect(files.file("static/a.css").map { String(buffer: $0.content) } == "b {}")
        #expect(files.paths(in: "static") == ["static/a.css"])
        for path in ["../etc/passwd", "static/../.hidden", ".hidden", "", "/", "static//a.css", "static/.."] {
            #expect(files.file(path) == nil, "\(path)")
        }
    }

    @Test func theBuiltInFilesAreThoseOfTheFolder() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../web").standardized
        let editable = WebFiles(folder: folder.path)
        for subfolder in ["templates", "static", "locales"] {
            let paths = editable.paths(in: subfolder)
            #expect(!paths.isEmpty)
            #expect(WebFiles.embedded.paths(in: subfolder) == paths)
            for path in paths { #expect(WebFiles.embedded.file(path)?.hash == editable.file(path)?.hash, "\(path)") }
        }
    }
}
