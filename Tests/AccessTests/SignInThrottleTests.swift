import Testing

@testable import Access

@Suite struct SignInThrottleTests {
    private func locked(at now: Int64) -> SignInThrottle {
        var throttle = SignInThrottle()
        for _ in 0..<40 { throttle.noteFailure(["name:ana"], at: now) }
        return throttle
    }

    @Test func theLongestLockLastsAnHour() {
        let throttle = locked(at: 1000)
        #expect(throttle.lockedUntil(["name:ana"], at: 1000) == 4600)
        #expect(throttle.lockedUntil(["name:ana"], at: 4599) == 4600)
        #expect(throttle.lockedUntil(["name:ana"], at: 4600) == nil)
        #expect(throttle.lockedUntil(["name:bia"], at: 1000) == nil)
    }

    @Test func aClockThatIsPutBackLocksNobodyOutForLonger() {
        let year: Int64 = 365 * 86_400
        var throttle = locked(at: 10 * year)
        #expect(throttle.lockedUntil(["name:ana"], at: 9 * year) == nil)
        throttle.noteFailure(["name:ana"], at: 9 * year)
        #expect(throttle.lockedUntil(["name:ana"], at: 9 * year) == nil, "it is the first one again")
    }
}
