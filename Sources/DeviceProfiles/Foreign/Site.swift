import GarageDomain

/// Where foreign devices belong, and how their things get their names.
struct Site: Hashable {
    /// The garage that everything foreign is part of.
    var garage: Name

    /// The thing that these parts name, joined by `-`. A part that repeats the one before it is left out.
    func subject(_ kind: Subject.Kind, _ parts: String...) -> Subject { subject(kind, parts) }

    func subject(_ kind: Subject.Kind, _ parts: [String]) -> Subject {
        var kept: [String] = []
        for part in parts where !part.isEmpty && part != kept.last { kept.append(part) }
        return Subject(
            garage: garage, kind: kind, name: Name(nearest: Vocabulary.withoutMarks(kept.joined(separator: "-"))))
    }

    func device(_ parts: String...) -> Subject { subject(.device, parts) }
}
