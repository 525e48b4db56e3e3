import Foundation
import GarageDomain
import Testing

@testable import Web

/// Local times, whose days are not always 24 hours long.
struct SiteClockTests {
    private func clock(_ zone: String) throws -> SiteClock {
        SiteClock(timeZone: try #require(TimeZone(identifier: zone)))
    }

    private func moment(_ utc: String) throws -> Timestamp {
        let time = try #require(LocalTime(utc))
        return Timestamp(microseconds: time.secondsOnClock * 1_000_000)
    }

    @Test func aMomentReadsAsTheSiteSClockDoes() throws {
        let local = try clock("America/Sao_Paulo").local(SampleTime.now)
        #expect(local.isoDate == "2026-11-22")
        #expect(local.clock == "15:20:05")
        #expect(local.weekday == 0)
        #expect(SampleTime.now.rfc3339 == "2026-11-22T18:20:05Z")
        #expect(SampleTime.now.rfc3339Milliseconds == "2026-11-22T18:20:05.250Z")
    }

    @Test func aDayBeginsAtLocalMidnight() throws {
        let clock = try clock("America/Sao_Paulo")
        #expect(clock.startOfDay(try moment("2026-11-22T02:59")) == (try moment("2026-11-21T03:00")))
        #expect(clock.startOfDay(try moment("2026-11-22T03:00")) == (try moment("2026-11-22T03:00")))
        #expect(clock.startOfDay(try moment("2026-11-22T12:00"), addingDays: -6) == (try moment("2026-11-16T03:00")))
    }

    @Test func aDayWhoseMidnightIsSkippedBeginsAfterTheGap() throws {
        // On 4 November 2018 the clocks of São Paulo went from 23:59:59 to 01:00.
        let clock = try clock("America/Sao_Paulo")
        #expect(clock.startOfDay(try moment("2018-11-04T15:00")) == (try moment("2018-11-04T03:00")))
        #expect(clock.local(try moment("2018-11-04T03:00")).clock == "01:00:00")
    }

    @Test func anHourThatComesTwiceMeansItsFirstTime() throws {
        // On 25 October 2026 the clocks of Berlin go from 03:00 summer time back to 02:00.
        let clock = try clock("Europe/Berlin")
        #expect(clock.moment(try #require(LocalTime("2026-10-25T02:30"))) == (try moment("2026-10-25T00:30")))
        #expect(clock.startOfDay(try moment("2026-10-25T20:00")) == (try moment("2026-10-24T22:00")))
        #expect(clock.startOfDay(try moment("2026-10-25T20:00"), addingDays: 1) == (try moment("2026-10-25T23:00")))
    }

    @Test(arguments: [
        "2026-02-30", "2026-13-01", "2026-00-10", "2026-1-01", "2026-01-01T24:00", "2026-01-01T10", "x", "",
        "2026-01-01T10:60", "0000-01-01", "2026-01-01T10:00:00:00", "+026-01-01",
    ])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(LocalTime(text) == nil)
    }

    @Test func everyDayOfFourCenturiesComesBack() throws {
        for day in stride(from: Int64(-719_162), to: 120_000, by: 13) {
            let time = LocalTime(secondsOnClock: day * 86_400 + 3661)
            let text = "\(time.isoDate)T\(time.clock)"
            #expect(LocalTime(text) == time, "\(text)")
        }
    }

    @Test func theEndsOfTimeDoNotTrap() throws {
        let clock = try clock("America/Sao_Paulo")
        for extreme in [Int64.min, .max, 0, -1] {
            let moment = Timestamp(microseconds: extreme)
            #expect(clock.local(moment).isoDate.count == 10)
            #expect(moment.rfc3339.hasSuffix("Z"))
            _ = clock.startOfDay(moment, addingDays: .max)
        }
    }
}
