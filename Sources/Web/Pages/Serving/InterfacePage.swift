import Hummingbird

/// `/api`: the documents of the interfaces to read.
struct InterfacePage {
    let openAPI: DocumentNode
    let asyncAPI: DocumentNode
    let text: PageText

    func values() -> [String: Any] {
        let operations = (openAPI["paths"]?.members ?? []).flatMap { path, item in
            item.members.map { method, operation in self.operation(path, method, operation) }
        }
        let groups = (openAPI["tags"]?.elements ?? []).compactMap { tag -> [String: Any]? in
            guard let name = tag["name"]?.text else { return nil }
            return [
                "name": text.words.texts["api_group_" + name.lowercased()] ?? name,
                "description": InterfacePage.prose(tag["description"]), "id": name.lowercased(),
                "operations": operations.filter { $0["tag"] as? String == name },
            ]
        }
        let topics = (asyncAPI["channels"]?.members ?? []).map { name, channel -> [String: Any] in
            let operation = asyncAPI["operations"]?.members.first {
                $0.value["channel"]?["$ref"]?.text == "#/channels/\(name)"
            }
            let message = channel["messages"]?.members.first.map { asyncAPI.resolve($0.value) }
            return [
                "address": channel["address"]?.text ?? "",
                "isReceived": operation?.value["action"]?.text == "receive",
                "example": message?["examples"]?.elements.first?["payload"].map { $0.text ?? $0.json } ?? "",
                "description": InterfacePage.prose(channel["description"]),
            ]
        }
        return [
            "t": text.words.texts, "groups": groups, "topics": topics,
            "description": InterfacePage.prose(openAPI["info"]?["description"]),
        ]
    }

    private func operation(_ path: String, _ method: String, _ operation: DocumentNode) -> [String: Any] {
        let parameters = (operation["parameters"]?.elements ?? []).map(openAPI.resolve).map { parameter in
            [
                "name": parameter["name"]?.text ?? "", "place": place(of: parameter),
                "description": InterfacePage.prose(parameter["description"]),
                "example": parameter["example"]?.text ?? "",
                "type": type(of: parameter["schema"]),
            ] as [String: Any]
        }
        let responses = (operation["responses"]?.members ?? []).map { status, response in
            ["status": status, "description": InterfacePage.prose(openAPI.resolve(response)["description"])]
                as [String: Any]
        }
        return [
            "id": operation["operationId"]?.text ?? "", "method": method.uppercased(), "path": path,
            "tag": operation["tags"]?.elements.first?.text ?? "", "summary": InterfacePage.prose(operation["summary"]),
            "description": InterfacePage.prose(operation["description"]), "parameters": parameters,
            "hasParameters": !parameters.isEmpty, "responses": responses,
        ]
    }

    /// The documents' prose as HTML: what stands between backticks is code. They have no other Markdown.
    static func prose(_ node: DocumentNode?) -> Markup {
        (node?.text ?? "").split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .map { index, part in index.isMultiple(of: 2) ? Markup(part) : "<code>\(part)</code>" as Markup }
            .joined()
    }

    /// Where a parameter stands, in the reader's language.
    private func place(of parameter: DocumentNode) -> String {
        let place = parameter["in"]?.text ?? ""
        return text.words.texts["api_place_" + place] ?? place
    }

    private func type(of schema: DocumentNode?) -> String {
        guard let schema = schema.map(openAPI.resolve) else { return "" }
        if let words = schema["enum"]?.elements { return words.compactMap(\.text).joined(separator: " | ") }
        return schema["format"]?.text ?? schema["type"]?.text ?? ""
    }
}
