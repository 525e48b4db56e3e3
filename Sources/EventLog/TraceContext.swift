/// The distributed trace that an event belongs to (W3C Trace Context, level 1), as its caller named it.
///
/// It is carried and never acted on. What does not have the right form is no trace context: nobody's request fails for it.
public struct TraceContext: Sendable, Hashable {
    /// `version-traceid-parentid-flags`, for example `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    public let traceparent: String
    /// What tracing systems say to each other, at most 512 bytes; `nil` if there is none, or it has not the right form.
    public let tracestate: String?

    /// `nil` unless `traceparent` is valid (section 3.2.2). A `tracestate` that is not (section 3.3.1) is left out.
    public init?(traceparent: String?, tracestate: String? = nil) {
        guard let traceparent, Self.isTraceparent(Array(traceparent.utf8)) else { return nil }
        self.traceparent = traceparent
        self.tracestate = tracestate.flatMap { Self.isTracestate($0) ? $0 : nil }
    }

    private static func isTraceparent(_ text: [UInt8]) -> Bool {
        guard text.count >= 55, isHexadecimal(text[0..<2]), text[2] == dash, isHexadecimal(text[3..<35]),
            text[35] == dash, isHexadecimal(text[36..<52]), text[52] == dash, isHexadecimal(text[53..<55]),
            text[3..<35].contains(where: { $0 != zero }), text[36..<52].contains(where: { $0 != zero })
        else { return false }
        // Version ff is forbidden; version 00 ends here, a later one may go on behind a dash.
        if text[0] == UInt8(ascii: "f"), text[1] == UInt8(ascii: "f") { return false }
        guard text.count > 55 else { return true }
        return text[0..<2] != [zero, zero] && text[55] == dash && text.count <= 256
            && text[56...].allSatisfy { (0x21...0x7E).contains($0) && $0 != quote && $0 != backslash }
    }

    private static func isTracestate(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 512 else { return false }
        let members = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        return members.count <= 32 && members.allSatisfy { isMember(Array($0)) }
    }

    /// `key=value`, with blanks around it.
    private static func isMember(_ text: [UInt8]) -> Bool {
        let trimmed = text.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed()
        // An empty member is allowed between commas.
        guard !trimmed.isEmpty else { return true }
        let parts = Array(trimmed).split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...256).contains(parts[0].count), (1...256).contains(parts[1].count) else {
            return false
        }
        // Quotes, which the standard allows in values and nobody uses, would have to be escaped wherever this goes.
        return parts[0].allSatisfy(isKeyByte)
            && parts[1].allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") && $0 != quote && $0 != backslash
            }
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    private static func isHexadecimal(_ text: ArraySlice<UInt8>) -> Bool {
        text.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    private static let dash = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
}
