import Hummingbird
import NIOCore

/// `GET /openapi.json` and `GET /asyncapi.json`: what the interfaces are, made from the YAML files of `web/`.
struct DocumentEndpoints: Sendable {
    private let openAPIText: Document
    private let asyncAPIText: Document

    private struct Document: Sendable {
        var bytes: ByteBuffer
        var tag: String
    }

    /// Throws if a file is missing or no YAML.
    init(files: WebFiles) throws {
        openAPIText = try DocumentEndpoints.read("openapi.yaml", files)
        asyncAPIText = try DocumentEndpoints.read("asyncapi.yaml", files)
    }

    @Sendable func openAPI(_ request: Request, _ context: WebContext) async throws -> Response {
        try DocumentEndpoints.answer(request, openAPIText)
    }

    @Sendable func asyncAPI(_ request: Request, _ context: WebContext) async throws -> Response {
        try DocumentEndpoints.answer(request, asyncAPIText)
    }

    /// The document of a file of `web/`.
    static func document(_ name: String, _ files: WebFiles) throws -> DocumentNode {
        guard let file = files.file(name) else { throw TemplateError.missing(name) }
        return try DocumentNode(yaml: String(buffer: file.content))
    }

    private static func read(_ name: String, _ files: WebFiles) throws -> Document {
        let bytes = ByteBuffer(string: try document(name, files).json)
        return Document(bytes: bytes, tag: "\"\(files.file(name)?.hash ?? "")\"")
    }

    private static func answer(_ request: Request, _ document: Document) throws -> Response {
        try QueryReader(request).end()
        if let answer = Conditional.notModified(request, tag: document.tag, cacheControl: Answer.revalidate) {
            return answer
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: Answer.revalidate, .eTag: document.tag],
            body: ResponseBody(byteBuffer: document.bytes))
    }
}
