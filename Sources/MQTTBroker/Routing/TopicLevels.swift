/// The levels of a topic while it is matched. Their names are looked up when the way down comes to them, which it does
/// for few of them where nobody has asked for the topic.
struct TopicLevels {
    private enum Level {
        /// Where its name lies in the topic.
        case unknown(start: Int, end: Int)
        /// `nil` if no filter uses the name.
        case known(Int32?)
    }

    private let topic: UnsafeRawBufferPointer
    private var levels: [Level] = []

    init(_ topic: UnsafeRawBufferPointer) {
        self.topic = topic
        levels.reserveCapacity(8)
        var start = 0
        while true {
            var end = start
            while end < topic.count, topic[end] != UInt8(ascii: "/") { end &+= 1 }
            levels.append(.unknown(start: start, end: end))
            if end >= topic.count { break }
            start = end &+ 1
        }
    }

    var count: Int { levels.count }

    /// The number of a level's name.
    mutating func number(_ depth: Int, in names: LevelNames) -> Int32? {
        switch levels[depth] {
        case .known(let number): return number
        case .unknown(let start, let end):
            let number = names.find(UnsafeRawBufferPointer(rebasing: topic[start..<end]))
            levels[depth] = .known(number)
            return number
        }
    }
}
