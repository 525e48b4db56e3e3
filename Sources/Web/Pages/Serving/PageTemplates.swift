import Mustache
import NIOCore
import Views

/// The templates of `web/templates`, each named after its file without the extension.
struct PageTemplates: Sendable {
    private let files: WebFiles
    private let library: MustacheLibrary?
    private let rows = RowCache()

    /// Reads and parses all templates; a template that can't be parsed throws.
    init(files: WebFiles) throws {
        self.files = files
        library = try PageTemplates.read(files)
    }

    /// Fills a template. Every value is escaped by `Markup` rules unless the template asks for it as it is.
    func render(_ name: String, _ values: [String: Any]) throws -> String {
        let library = files.areEditable ? try PageTemplates.read(files) : self.library
        guard let text = library?.render(PageTemplates.present(values), withTemplate: name) else {
            throw TemplateError.missing(name)
        }
        return text
    }

    /// Forgets what is kept of rows.
    func forgetRows() { rows.clear() }

    /// The row of an event in the log.
    func row(_ row: EventRow, in text: PageText) throws -> Markup {
        func make() throws -> Markup { .rendered(try render("event-row", EventRowView.values(row, in: text))) }
        return files.areEditable ? try make() : try rows.markup(of: row, in: text, make)
    }

    /// The values without empty texts: to a template, an empty text is as much a value as any other.
    private static func present(_ values: [String: Any]) -> [String: Any] {
        var present: [String: Any] = [:]
        for (name, value) in values {
            switch value {
            case let text as String where text.isEmpty: continue
            case let markup as Markup where markup.html.isEmpty: continue
            case let nested as [String: Any] where name != "t": present[name] = self.present(nested)
            case let list as [[String: Any]]: present[name] = list.map(self.present)
            default: present[name] = value
            }
        }
        return present
    }

    private static func read(_ files: WebFiles) throws -> MustacheLibrary {
        // The library's own escaping looks at whole characters, so a quote followed by a combining mark gets through.
        MustacheContentTypes.register(MarkupContentType(), named: "MARKUP")
        var library = MustacheLibrary()
        for path in files.paths(in: "templates") where path.hasSuffix(".mustache") {
            guard let file = files.file(path) else { continue }
            let name = path.dropFirst("templates/".count).dropLast(".mustache".count)
            try library.register("{{% CONTENT_TYPE:MARKUP}}" + String(buffer: file.content), named: String(name))
        }
        return library
    }
}

enum TemplateError: Error, Hashable {
    case missing(String)
}

private struct MarkupContentType: MustacheContentType {
    func escapeText(_ text: String) -> String { Markup(text).html }
}
