public import EventLog
public import GarageDomain

/// One line of the event log.
public struct EventRow: Sendable, Hashable {
    public var event: RecordedEvent
    /// `nil` if the stream is not one of a garage.
    public var subject: Subject?
    /// The decoded body; `nil` if this version of the service can't read the type.
    public var body: EventBody?

    public init(event: RecordedEvent, subject: Subject?, body: EventBody?) {
        self.event = event
        self.subject = subject
        self.body = body
    }
}

/// A page of the event log.
public struct EventPage: Sendable, Hashable {
    public var rows: [EventRow]
    /// Whether more events follow in reading direction after the last row.
    public var hasMore: Bool
    /// The last position that the view has seen, whatever the filter.
    public var head: Int64

    public init(rows: [EventRow], hasMore: Bool, head: Int64) {
        self.rows = rows
        self.hasMore = hasMore
        self.head = head
    }
}

/// A gate now.
public struct GateRow: Sendable, Hashable {
    public var subject: Subject
    /// `nil` if no state was ever reported.
    public var state: GateState?
    /// When `state` began.
    public var since: Timestamp?
    public var obstructed: Bool
    /// The device that reports for this gate, and whether it is connected; `nil` if none was seen.
    public var device: String?
    public var deviceOnline: Bool?
    /// The last movement's event position, its actor and channel.
    public var lastMovement: LastMovement?
    /// The last command, whatever became of it.
    public var lastCommand: CommandRow?

    public struct LastMovement: Sendable, Hashable {
        public var position: Int64
        public var to: GateState
        public var time: Timestamp
        /// The person or program whose command caused it; for a movement nobody asked for, the reporting device.
        public var actor: String
        public var channel: String
        /// Whether a command caused it.
        public var commanded: Bool

        public init(position: Int64, to: GateState, time: Timestamp, actor: String, channel: String, commanded: Bool) {
            self.position = position
            self.to = to
            self.time = time
            self.actor = actor
            self.channel = channel
            self.commanded = commanded
        }
    }

    public init(
        subject: Subject, state: GateState?, since: Timestamp?, obstructed: Bool, device: String?,
        deviceOnline: Bool?, lastMovement: LastMovement?, lastCommand: CommandRow?
    ) {
        self.subject = subject
        self.state = state
        self.since = since
        self.obstructed = obstructed
        self.device = device
        self.deviceOnline = deviceOnline
        self.lastMovement = lastMovement
        self.lastCommand = lastCommand
    }
}

/// A gate command and what became of it.
public struct CommandRow: Sendable, Hashable {
    public enum Status: String, Sendable, Hashable, CaseIterable {
        case requested, rejected, warned, dispatched, completed, failed
    }

    public var id: String
    public var gate: Subject
    /// `nil` if the request could not be read.
    public var action: GateAction?
    public var status: Status
    /// The reason of a rejection or failure, as in the events.
    public var reason: String?
    public var actor: String
    public var channel: String
    public var requested: Timestamp
    public var updated: Timestamp
    /// The position of the first event of the command.
    public var position: Int64

    public init(
        id: String, gate: Subject, action: GateAction?, status: Status, reason: String?, actor: String, channel: String,
        requested: Timestamp, updated: Timestamp, position: Int64
    ) {
        self.id = id
        self.gate = gate
        self.action = action
        self.status = status
        self.reason = reason
        self.actor = actor
        self.channel = channel
        self.requested = requested
        self.updated = updated
        self.position = position
    }
}

/// A parking spot now.
public struct SpotRow: Sendable, Hashable {
    public var subject: Subject
    public var occupied: Bool
    public var since: Timestamp
    public var device: String?
    public var deviceOnline: Bool?

    public init(subject: Subject, occupied: Bool, since: Timestamp, device: String?, deviceOnline: Bool?) {
        self.subject = subject
        self.occupied = occupied
        self.since = since
        self.device = device
        self.deviceOnline = deviceOnline
    }
}

/// A sensor now.
public struct SensorRow: Sendable, Hashable {
    public var subject: Subject
    public var device: String?
    public var deviceOnline: Bool?
    /// The last good value of each quantity that it reports, in the order of `Quantity.allCases`.
    public var latest: [LatestReading]
    /// The fault that is newer than the last good value, if there is one.
    public var fault: FaultRow?

    public struct LatestReading: Sendable, Hashable {
        public var quantity: Quantity
        public var value: Double
        public var time: Timestamp

        public init(quantity: Quantity, value: Double, time: Timestamp) {
            self.quantity = quantity
            self.value = value
            self.time = time
        }
    }

    public struct FaultRow: Sendable, Hashable {
        public var fault: SensorFault
        public var time: Timestamp

        public init(fault: SensorFault, time: Timestamp) {
            self.fault = fault
            self.time = time
        }
    }

    public init(subject: Subject, device: String?, deviceOnline: Bool?, latest: [LatestReading], fault: FaultRow?) {
        self.subject = subject
        self.device = device
        self.deviceOnline = deviceOnline
        self.latest = latest
        self.fault = fault
    }
}

/// One raw reading or one bucket of readings.
public struct ReadingPoint: Sendable, Hashable {
    /// The sensor's API id.
    public var sensor: String
    public var quantity: Quantity
    /// The reading's time, or the beginning of the bucket.
    public var time: Timestamp
    public var mean: Double
    public var minimum: Double
    public var maximum: Double
    /// 1 for a raw reading.
    public var count: Int
    /// The first and the last reading of the bucket; the mean where that is not known.
    public var first: Double
    public var last: Double

    public init(
        sensor: String, quantity: Quantity, time: Timestamp, mean: Double, minimum: Double, maximum: Double, count: Int,
        first: Double? = nil, last: Double? = nil
    ) {
        self.sensor = sensor
        self.quantity = quantity
        self.time = time
        self.mean = mean
        self.minimum = minimum
        self.maximum = maximum
        self.count = count
        self.first = first ?? mean
        self.last = last ?? mean
    }
}

/// A device now.
public struct DeviceRow: Sendable, Hashable {
    public var subject: Subject
    public var clientID: String?
    public var online: Bool
    /// When `online` last changed.
    public var since: Timestamp
    /// Why it is offline, as in `device.disconnected`.
    public var reason: String?
    public var lastEvent: Timestamp
    /// The gates, spots and sensors that it reports for, by name.
    public var reportsFor: [Subject]

    public init(
        subject: Subject, clientID: String?, online: Bool, since: Timestamp, reason: String?, lastEvent: Timestamp,
        reportsFor: [Subject] = []
    ) {
        self.subject = subject
        self.clientID = clientID
        self.online = online
        self.since = since
        self.reason = reason
        self.lastEvent = lastEvent
        self.reportsFor = reportsFor
    }
}
