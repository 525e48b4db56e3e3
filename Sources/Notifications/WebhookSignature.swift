import Crypto

/// The signature of a post, by which its receiver knows that it comes from here and is not an old one sent again.
enum WebhookSignature {
    /// The value of the header `Garage-Signature`: `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY`.
    static func header(of body: [UInt8], secret: String, at seconds: Int64) -> String {
        var message = Array("\(seconds).".utf8)
        message += body
        let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: Array(secret.utf8)))
        return "t=\(seconds),v1=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
