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
                "name": name, "description": tag["description"]?.text ?? "", "id": name.lowercased(),
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
                "description": channel["description"]?.text ?? "",
            ]
        }
        return [
            "t": text.words.texts, "groups": groups, "topics": topics,
            "description": openAPI["info"]?["description"]?.text ?? "",
        ]
    }

    private func operation(_ path: String, _ method: String, _ operation: DocumentNode) -> [String: Any] {
        let parameters = (operation["parameters"]?.elements ?? []).map(openAPI.resolve).map { parameter in
            [
                "name": parameter["name"]?.text ?? "", "place": parameter["in"]?.text ?? "",
                "description": parameter["description"]?.text ?? "",
                "example": parameter["example"]?.text ?? "",
                "type": type(of: parameter["schema"]),
            ] as [String: Any]
        }
        let responses = (operation["responses"]?.members ?? []).map { status, response in
            ["status": status, "description": openAPI.resolve(response)["description"]?.text ?? ""] as [String: Any]
        }
        return [
            "id": operation["operationId"]?.text ?? "", "method": method.uppercased(), "path": path,
            "tag": operation["tags"]?.elements.first?.text ?? "", "summary": operation["summary"]?.text ?? "",
            "description": operation["description"]?.text ?? "", "parameters": parameters,
            "hasParameters": !parameters.isEmpty, "responses": responses,
        ]
    }

    private func type(of schema: DocumentNode?) -> String {
        guard let schema = schema.map(openAPI.resolve) else { return "" }
        if let words = schema["enum"]?.elements { return words.compactMap(\.text).joined(separator: " | ") }
        return schema["format"]?.text ?? schema["type"]?.text ?? ""
    }
}
