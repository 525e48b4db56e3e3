import Foundation

/// Certificates made with `openssl` in a folder of their own, gone with the value.
final class TestCertificates: Sendable {
    struct OpenSSLFailed: Error {
        var arguments: [String]
    }

    let folder: String

    var authority: String { folder + "/ca.pem" }

    init() throws {
        folder = NSTemporaryDirectory() + "certificates-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Test authority", "-keyout", folder + "/ca.key", "-out", authority)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Makes `name.pem` and `name.key`, signed by the authority.
    func make(_ name: String, subject: String, alternativeNames: String? = nil) throws {
        let base = folder + "/" + name
        try Self.openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout",
            base + ".key", "-out", base + ".csr")
        let extensions = base + ".ext"
        try (alternativeNames.map { "subjectAltName=\($0)\n" } ?? "basicConstraints=CA:FALSE\n").write(
            toFile: extensions, atomically: true, encoding: .utf8)
        try Self.openssl(
            "x509", "-req", "-in", base + ".csr", "-CA", authority, "-CAkey", folder + "/ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", base + ".pem")
    }

    private static func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailed(arguments: arguments) }
    }
}
