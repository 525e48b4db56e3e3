import Simulation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// libFuzzer calls this first. With `GARAGE_ALLOCATIONS` the process counts allocations instead of fuzzing. With
/// `GARAGE_SIMULATE="FIRST COUNT CLIENTS STEPS SHARDS"` it simulates: so many runs from seed FIRST on, under the same
/// AddressSanitizer.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    if getenv("GARAGE_ALLOCATIONS") != nil {
        let isGood = countAllocations()
        fflush(nil)
        exit(isGood ? 0 : 1)
    }
    guard let text = getenv("GARAGE_SIMULATE").map({ String(cString: $0) }) else { return 0 }
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    guard numbers.count == 5 else {
        print("GARAGE_SIMULATE must be: FIRST COUNT CLIENTS STEPS SHARDS")
        exit(2)
    }
    var total = Simulation.Figures()
    var isGood = true
    for seed in numbers[0]..<(numbers[0] + numbers[1]) {
        let simulation = Simulation(
            seed: UInt64(seed), shards: numbers[4], clients: numbers[2], steps: numbers[3])
        let outcome = simulation.outcome()
        total.add(outcome.figures)
        for problem in outcome.problems { print(problem) }
        if !outcome.problems.isEmpty { isGood = false }
    }
    print("\(numbers[1]) runs from seed \(numbers[0]): \(total)")
    fflush(nil)
    exit(isGood ? 0 : 1)
}
