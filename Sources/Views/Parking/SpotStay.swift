public import GarageDomain

/// A vehicle on a parking spot, from its arrival to its departure.
public struct SpotStay: Sendable, Hashable {
    public var spot: Subject
    public var arrival: Timestamp
    /// `nil` while it lasts.
    public var departure: Timestamp?
    /// The events that say so.
    public var arrivalPosition: Int64
    public var departurePosition: Int64?

    public init(
        spot: Subject, arrival: Timestamp, departure: Timestamp?, arrivalPosition: Int64, departurePosition: Int64?
    ) {
        self.spot = spot
        self.arrival = arrival
        self.departure = departure
        self.arrivalPosition = arrivalPosition
        self.departurePosition = departurePosition
    }

    /// How long it lasted in milliseconds; `nil` while it lasts.
    public var milliseconds: Int64? { departure?.milliseconds(since: arrival) }
}

/// A page of stays, newest first.
public struct StayPage: Sendable, Hashable {
    public var stays: [SpotStay]
    public var hasMore: Bool

    public init(stays: [SpotStay], hasMore: Bool) {
        self.stays = stays
        self.hasMore = hasMore
    }
}

/// How much parking went on in a range of time, on one spot or all of a garage.
public struct ParkingSummary: Sendable, Hashable {
    /// Spots that were known by the end of the range.
    public var spots: Int
    /// Stays that began in the range.
    public var arrivals: Int
    /// Stays that ended in the range, their mean and their longest; `nil` if there was none.
    public var completed: Int
    public var meanStayMilliseconds: Int64?
    public var longestStayMilliseconds: Int64?
    /// Milliseconds of the range in which a vehicle stood there, all spots added.
    public var occupiedMilliseconds: Int64
    /// Milliseconds of the range in which a spot was known, all spots added.
    public var knownMilliseconds: Int64

    public init(
        spots: Int, arrivals: Int, completed: Int, meanStayMilliseconds: Int64?, longestStayMilliseconds: Int64?,
        occupiedMilliseconds: Int64, knownMilliseconds: Int64
    ) {
        self.spots = spots
        self.arrivals = arrivals
        self.completed = completed
        self.meanStayMilliseconds = meanStayMilliseconds
        self.longestStayMilliseconds = longestStayMilliseconds
        self.occupiedMilliseconds = occupiedMilliseconds
        self.knownMilliseconds = knownMilliseconds
    }

    /// The share of the time that the spots were taken, 0 to 1; `nil` if none was known.
    public var occupancy: Double? {
        knownMilliseconds > 0 ? Double(occupiedMilliseconds) / Double(knownMilliseconds) : nil
    }

    /// Arrivals for each spot and day; `nil` if no spot was known.
    public var turnover: Double? {
        knownMilliseconds > 0 ? Double(arrivals) * 86_400_000 / Double(knownMilliseconds) : nil
    }
}

/// How full a garage is at each hour of the week.
public struct OccupancyPattern: Sendable, Hashable {
    /// The share of known spots that were taken, 0 to 1, at `[weekday][hour]`; weekday 0 is Monday. `nil` where the range
    /// has no such hour or no spot was known.
    public var shares: [[Double?]]

    public init(shares: [[Double?]]) { self.shares = shares }
}
