import GRDB
import GarageDomain

/// Projects taken and freed spots into the table `stay`.
struct ParkingHistory {
    static let tables = """
        CREATE TABLE stay(
            garage TEXT NOT NULL, spot TEXT NOT NULL, arrival_position INTEGER NOT NULL, arrival INTEGER NOT NULL,
            departure INTEGER, departure_position INTEGER, PRIMARY KEY (garage, spot, arrival_position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX stay_departure ON stay(garage, spot, departure);
        CREATE INDEX stay_position ON stay(arrival_position);
        CREATE INDEX stay_garage ON stay(garage, arrival_position);
        """

    /// The stays that have not ended.
    private var open: [Subject: SpotStay] = [:]

    init(_ database: Database) throws {
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM stay WHERE departure IS NULL")
        for stay in rows.compactMap(SpotStay.init) { open[stay.spot] = stay }
    }

    /// A spot that is reported as taken twice keeps its first arrival; one that is freed without an arrival had a stay
    /// of unknown length, which is none.
    mutating func apply(
        _ changed: SpotChanged, of spot: Subject, time: Int64, position: Int64, _ database: Database
    ) throws {
        switch (open[spot], changed.occupied) {
        case (nil, true):
            let insert = try database.cachedStatement(
                sql: "INSERT INTO stay(garage, spot, arrival_position, arrival) VALUES (?, ?, ?, ?)")
            try insert.execute(arguments: [spot.garage.text, spot.name.text, position, time])
            open[spot] = SpotStay(
                spot: spot, arrival: Timestamp(microseconds: time), departure: nil, arrivalPosition: position,
                departurePosition: nil)
        case (let stay?, false):
            let update = try database.cachedStatement(
                sql: """
                    UPDATE stay SET departure = ?, departure_position = ?
                    WHERE garage = ? AND spot = ? AND arrival_position = ?
                    """)
            // A clock that was set back does not make a stay negative.
            try update.execute(arguments: [
                max(time, stay.arrival.microseconds), position, spot.garage.text, spot.name.text, stay.arrivalPosition,
            ])
            open[spot] = nil
        case (nil, false), (.some, true): break
        }
    }
}

extension ParkingHistory {
    /// Moves the arrivals of those who are still there along with a clock that was set, so that stays last as long as they do.
    mutating func shift(by changed: ClockChanged, _ database: Database) throws {
        let update = try database.cachedStatement(
            sql: "UPDATE stay SET arrival = ? WHERE garage = ? AND spot = ? AND arrival_position = ?")
        for (spot, stay) in open {
            let arrival = stay.arrival.adding(milliseconds: changed.milliseconds)
            try update.execute(arguments: [
                arrival.microseconds, spot.garage.text, spot.name.text, stay.arrivalPosition,
            ])
            open[spot]?.arrival = arrival
        }
    }
}

extension SpotStay {
    /// A row of the table `stay`.
    init?(_ row: Row) {
        guard let spot = Subject(kind: .spot, garage: row["garage"], name: row["spot"]),
            let arrival = row.timestamp("arrival")
        else { return nil }
        self.init(
            spot: spot, arrival: arrival, departure: row.timestamp("departure"),
            arrivalPosition: row["arrival_position"], departurePosition: row["departure_position"])
    }
}
