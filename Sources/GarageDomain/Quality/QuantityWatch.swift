/// What is known of a sensor's ways with one quantity, from what it has sent since the service started.
struct QuantityWatch: Hashable, Sendable, Codable {
    /// A change is judged only by a sensor that has shown so many plausible values.
    private static let fewestForJump = 5
    /// So many values that agree with each other are believed, however far they are from those before.
    private static let enoughToBelieve = 3
    /// A value is called stuck only after it came so often.
    private static let fewestSame = 30

    private var value = 0.0
    private var time = Timestamp(microseconds: 0)
    private var count = 0
    private var sameSince = Timestamp(microseconds: 0)
    private var sameCount = 0
    /// The implausible values that came last, as long as they agree with each other.
    private var candidate: Candidate?
    /// How many reports in a row held no plausible value.
    private(set) var badInARow = 0
    /// The value from which the next clear movement is measured, and when the last two were complete.
    private var anchor = 0.0
    private var movedAt: Timestamp?
    private var movedBefore: Timestamp?

    private struct Candidate: Hashable, Sendable, Codable {
        var value: Double
        var time: Timestamp
        var count: Int
    }

    /// Takes a value in its range in. Returns whether it can follow on those before.
    mutating func take(_ value: Double, _ quantity: Quantity, at now: Timestamp, limits: QuantityLimits?) -> Bool {
        if let limits, count >= QuantityWatch.fewestForJump,
            !limits.allows(value - self.value, inMilliseconds: now.milliseconds(since: time)),
            !isBelieved(value, at: now, limits)
        {
            badInARow += 1
            return false
        }
        accept(value, quantity, at: now)
        return true
    }

    /// Counts a report without a value.
    mutating func takeFault() { badInARow += 1 }

    /// Whether the value has changed since the sensor was first heard.
    var hasChanged: Bool { count > sameCount }

    /// Whether the last value is not the one before it.
    var isFresh: Bool { sameCount == 1 }

    /// Since when the value has been the same, if it has been so implausibly long and often.
    func impassiveSince(at now: Timestamp, longest: Int64, ends: ClosedRange<Double>) -> Timestamp? {
        guard sameCount >= QuantityWatch.fewestSame, now.milliseconds(since: sameSince) >= longest,
            value > ends.lowerBound, value < ends.upperBound
        else { return nil }
        return sameSince
    }

    /// Whether the quantity has clearly moved since then.
    func hasMoved(since time: Timestamp) -> Bool { movedBefore.map { $0 > time } ?? false }

    /// Moves all times along with a clock that was set.
    mutating func shift(by milliseconds: Int64) {
        time.shift(by: milliseconds)
        sameSince.shift(by: milliseconds)
        candidate?.time.shift(by: milliseconds)
        movedAt?.shift(by: milliseconds)
        movedBefore?.shift(by: milliseconds)
    }

    private mutating func isBelieved(_ value: Double, at now: Timestamp, _ limits: QuantityLimits) -> Bool {
        if let known = candidate,
            limits.allows(value - known.value, inMilliseconds: now.milliseconds(since: known.time))
        {
            candidate = Candidate(value: value, time: now, count: known.count + 1)
        } else {
            candidate = Candidate(value: value, time: now, count: 1)
        }
        return (candidate?.count ?? 0) >= QuantityWatch.enoughToBelieve
    }

    private mutating func accept(_ value: Double, _ quantity: Quantity, at now: Timestamp) {
        candidate = nil
        badInARow = 0
        if count == 0 { anchor = value }
        if count > 0, value == self.value {
            sameCount = min(sameCount + 1, 1_000_000)
        } else {
            (sameSince, sameCount) = (now, 1)
        }
        count = min(count + 1, 1_000_001)
        (self.value, time) = (value, now)
        if (value - anchor).magnitude >= quantity.clearMovement {
            anchor = value
            (movedBefore, movedAt) = (movedAt, now)
        }
    }
}

extension Quantity {
    /// A change that every sensor of the quantity has to notice.
    fileprivate var clearMovement: Double { self == .temperature ? 3 : 10 }
}
