/// The names of topic levels, each stored once and counted.
struct LevelNames {
    private var numbers: [ExactText: Int32] = [:]
    private var names: [ExactText] = []
    private var uses: [Int32] = []
    private var free: [Int32] = []

    /// The number of a name, given if need be, with one more use.
    mutating func acquire(_ name: ExactText) -> Int32 {
        if let number = numbers[name] {
            uses[Int(number)] += 1
            return number
        }
        let number: Int32
        if let last = free.popLast() {
            number = last
            names[Int(number)] = name
            uses[Int(number)] = 1
        } else {
            number = Int32(names.count)
            names.append(name)
            uses.append(1)
        }
        numbers[name] = number
        return number
    }

    mutating func release(_ number: Int32) {
        let index = Int(number)
        uses[index] -= 1
        guard uses[index] == 0 else { return }
        numbers[names[index]] = nil
        names[index] = ExactText("")
        free.append(number)
    }

    func name(_ number: Int32) -> String { names[Int(number)].text }

    /// The number of a name that some filter uses.
    func find(_ name: UnsafeRawBufferPointer) -> Int32? {
        numbers[ExactText(String(decoding: name, as: UTF8.self))]
    }
}
