/// Decodes what a ``FlatJSONObject`` holds. What it can't decode is an error, and then left to a general decoder.
struct FlatJSONDecoder: Decoder {
    let object: FlatJSONObject

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Members<Key>(object: object))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Unsupported() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Unsupported() }

    /// Not a form that this decoder reads.
    struct Unsupported: Error {}

    private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let object: FlatJSONObject

        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.key) } }

        func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }

        func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(key).boolean() }
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(key).text() }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { Double(try integer(key) as Int64) }
        func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try integer(key) as Int64) }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try integer(key) }
        func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(key) }
        func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(key) }
        func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(key) }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(key) }
        func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(key) }
        func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(key) }
        func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(key) }
        func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(key) }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(key) }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try T(from: FlatJSONValueDecoder(value: try value(key)))
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> { throw Unsupported() }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Unsupported() }
        func superDecoder() throws -> any Decoder { throw Unsupported() }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw Unsupported() }

        private func value(_ key: Key) throws -> FlatJSONObject.Value {
            guard let value = object[key.stringValue] else { throw Unsupported() }
            return value
        }

        private func integer<Number: FixedWidthInteger>(_ key: Key) throws -> Number { try value(key).integer() }
    }
}

/// Decodes one value, for example of an enumeration.
struct FlatJSONValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: FlatJSONObject.Value

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw FlatJSONDecoder.Unsupported()
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw FlatJSONDecoder.Unsupported() }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try value.boolean() }
    func decode(_ type: String.Type) throws -> String { try value.text() }
    func decode(_ type: Double.Type) throws -> Double { Double(try value.integer() as Int64) }
    func decode(_ type: Float.Type) throws -> Float { Float(try value.integer() as Int64) }
    func decode(_ type: Int.Type) throws -> Int { try value.integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try value.integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try value.integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try value.integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try value.integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try value.integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try value.integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try value.integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try value.integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try value.integer() }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }
}

extension FlatJSONObject.Value {
    fileprivate var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    fileprivate func boolean() throws -> Bool {
        guard case .boolean(let boolean) = self else { throw FlatJSONDecoder.Unsupported() }
        return boolean
    }

    fileprivate func text() throws -> String {
        guard case .text(let text) = self else { throw FlatJSONDecoder.Unsupported() }
        return text
    }

    fileprivate func integer<Number: FixedWidthInteger>() throws -> Number {
        guard case .integer(let integer) = self, let number = Number(exactly: integer) else {
            throw FlatJSONDecoder.Unsupported()
        }
        return number
    }
}
