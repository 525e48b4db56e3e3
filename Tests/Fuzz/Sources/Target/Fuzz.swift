import Harness

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Which case the process fuzzes: libFuzzer has no option of ours, so the environment says it.
private let fuzzed: FuzzCase = {
    let name = getenv("GARAGE_FUZZ").map { String(cString: $0) } ?? ""
    guard let fuzzed = FuzzCase(rawValue: name) else {
        print("GARAGE_FUZZ must be one of \(FuzzCase.allCases.map(\.rawValue).joined(separator: ", "))")
        exit(2)
    }
    return fuzzed
}()

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let problems = fuzzed.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    guard problems.isEmpty else {
        print(problems.joined(separator: "\n"))
        fflush(nil)
        abort()
    }
    return 0
}
