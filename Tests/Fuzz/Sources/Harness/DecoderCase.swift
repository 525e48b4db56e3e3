import MQTTCodec
import NIOCore

/// A stream of bytes for one version's decoder, whole and in pieces. What decodes must encode, and decode to the same.
struct DecoderCase {
    let version: ProtocolVersion

    func run(_ bytes: [UInt8]) -> [String] {
        var problems = views(bytes)
        let whole = decode(bytes, pieces: bytes.count, &problems)
        let pieces = decode(bytes, pieces: 1 + Int(bytes.first ?? 0) % 7, &problems)
        if whole.packets != pieces.packets || whole.error != pieces.error {
            problems.append("cut into pieces the stream means something else")
        }
        return problems
    }

    /// The parsers that read in place.
    private func views(_ bytes: [UInt8]) -> [String] {
        var problems: [String] = []
        bytes.withUnsafeBytes { raw in
            _ = Connect.announcedVersion(raw)
            guard let header = try? FixedHeader.peek(raw, version: version) else { return }
            let isWhole = header.totalLength <= raw.count
            let packet = UnsafeRawBufferPointer(rebasing: raw.prefix(header.totalLength))
            switch header.type {
            case .publish:
                let view = try? PublishView.parse(raw, header: header, version: version)
                if let view, !isWhole || view.payload.upperBound != header.totalLength || view.topic.lowerBound < 2 {
                    problems.append("a PUBLISH's parts lie outside of it")
                }
                if isWhole { compare(view != nil, packet, &problems) }
            case .puback, .pubrec, .pubrel, .pubcomp:
                let view = try? AcknowledgementView.parse(raw, header: header, version: version)
                if isWhole { compare(view != nil, packet, &problems) }
            default: break
            }
        }
        return problems
    }

    private func compare(_ parses: Bool, _ packet: UnsafeRawBufferPointer, _ problems: inout [String]) {
        let decodes = (try? Packet.decode(packet, version: version)) != nil
        if parses != decodes { problems.append("the parser in place and the decoder disagree") }
    }

    private func decode(
        _ bytes: [UInt8], pieces size: Int, _ problems: inout [String]
    ) -> (packets: [Packet], error: DecodeError?) {
        var decoder = PacketDecoder(version: version)
        var packets: [Packet] = []
        var rest = bytes[...]
        repeat {
            var piece = ByteBuffer(bytes: rest.prefix(size))
            rest = rest.dropFirst(size)
            decoder.append(&piece)
            do throws(DecodeError) {
                while let packet = try decoder.next() {
                    packets.append(packet)
                    repeatTrip(packet, &problems)
                }
            } catch {
                return (packets, error)
            }
        } while !rest.isEmpty
        return (packets, nil)
    }

    private func repeatTrip(_ packet: Packet, _ problems: inout [String]) {
        var out = ByteBuffer()
        guard (try? packet.encode(into: &out, version: version)) != nil else {
            problems.append("a decoded \(packet.type) does not encode")
            return
        }
        if (try? packet.encodedSize(version: version)) != out.readableBytes {
            problems.append("a \(packet.type) has another size than was said")
        }
        if (try? Packet.decode(out, version: version)) != packet {
            problems.append("a \(packet.type) encodes to another packet")
        }
    }
}
