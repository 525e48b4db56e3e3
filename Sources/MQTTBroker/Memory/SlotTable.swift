/// Values at fixed addresses, found by slot and generation. A slot is used again with the next generation, so that a
/// name kept too long finds nothing instead of something else.
struct SlotTable<Element> {
    fileprivate struct Slot {
        var pointer: UnsafeMutablePointer<Element>?
        var generation: UInt32
    }

    fileprivate var slots: [Slot] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    /// The value, or `nil` if it has gone.
    @inline(__always)
    func find(_ slot: UInt32, _ generation: UInt32) -> UnsafeMutablePointer<Element>? {
        let index = Int(slot)
        guard index < slots.count, slots[index].generation == generation else { return nil }
        return slots[index].pointer
    }

    mutating func insert(_ make: (_ slot: UInt32, _ generation: UInt32) -> Element) -> UnsafeMutablePointer<Element> {
        let slot: UInt32
        if let last = free.popLast() {
            slot = last
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(pointer: nil, generation: 0))
        }
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: 1)
        pointer.initialize(to: make(slot, slots[Int(slot)].generation))
        slots[Int(slot)].pointer = pointer
        count += 1
        return pointer
    }

    mutating func remove(_ slot: UInt32) {
        let index = Int(slot)
        guard index < slots.count, let pointer = slots[index].pointer else { return }
        slots[index].pointer = nil
        slots[index].generation &+= 1
        pointer.deinitialize(count: 1)
        pointer.deallocate()
        free.append(slot)
        count -= 1
    }

    func forEach(_ body: (UnsafeMutablePointer<Element>) -> Void) {
        for slot in slots {
            if let pointer = slot.pointer { body(pointer) }
        }
    }
}

extension SlotTable {
    mutating func removeAll() {
        for slot in slots.indices { remove(UInt32(slot)) }
    }
}
