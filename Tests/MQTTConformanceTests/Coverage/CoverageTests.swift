import Testing

/// Judges the whole of a run: with a filter that leaves tests out, their statements are missing.
@Suite("Every statement that binds a server has a test")
struct CoverageTests {
    @Test("Coverage", arguments: Statement.List.allCases)
    func coverage(list: Statement.List) throws {
        let statements = try Statement.read(list)
        let exceptions = try Statement.exceptions()
        let tests = Proves.tests
        var table = ""
        var missing: [String] = []
        for statement in statements {
            let names = tests[statement.id] ?? []
            let isMissing = names.isEmpty && statement.bindsServer && exceptions[statement.id] == nil
            if isMissing { missing.append(statement.id) }
            let said = names.isEmpty ? exceptions[statement.id] ?? (isMissing ? "NO TEST" : "binds clients") : ""
            table += "\(statement.id)\t\(statement.text)\n    " + (names + [said]).joined(separator: "\n    ") + "\n"
            #expect(names.isEmpty || exceptions[statement.id] == nil, "\(statement.id) has a test and is an exception")
        }
        let bound = statements.filter(\.bindsServer).count
        table +=
            "\(list.rawValue): \(statements.count) statements, \(bound) bind a server, \(missing.count) without test\n"
        print(table)
        #expect(missing.isEmpty)
    }

    @Test("Tests name only statements that there are, and each list is whole")
    func lists() throws {
        let all = try Statement.List.allCases.map { try Statement.read($0) }
        #expect(all.map(\.count) == [251, 138, 25])
        let ids = all.flatMap { $0 }.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(Set(Proves.tests.keys).subtracting(ids).isEmpty)
        #expect(Set(try Statement.exceptions().keys).isSubset(of: ids))
        let v5 = Set(all[0].map(\.id))
        #expect(Set(all[1].compactMap(\.counterpart)).isSubset(of: v5))
        #expect(all.flatMap { $0 }.allSatisfy { ["server", "client", "both"].contains($0.binds) })
    }
}
