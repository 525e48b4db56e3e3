import Access
import Testing

@Suite("Schedules")
struct ScheduleTests {
    @Test("A span holds its days and minutes, the end not included")
    func weekdays() throws {
        let schedule = try #require(Schedule("mon-fri 07:00-19:00, sat 08:00-12:00"))
        #expect(schedule.contains(weekday: 0, minute: 7 * 60))
        #expect(schedule.contains(weekday: 4, minute: 19 * 60 - 1))
        #expect(!schedule.contains(weekday: 4, minute: 19 * 60))
        #expect(schedule.contains(weekday: 5, minute: 8 * 60))
        #expect(!schedule.contains(weekday: 5, minute: 7 * 60))
        #expect(!schedule.contains(weekday: 6, minute: 9 * 60))
    }

    @Test("A span that ends before it begins goes on after midnight")
    func overnight() throws {
        let schedule = try #require(Schedule("fri 22:00-06:00"))
        #expect(schedule.contains(weekday: 4, minute: 23 * 60))
        #expect(schedule.contains(weekday: 5, minute: 5 * 60))
        #expect(!schedule.contains(weekday: 5, minute: 6 * 60))
        #expect(!schedule.contains(weekday: 4, minute: 5 * 60))
        let sunday = try #require(Schedule("sun 22:00-06:00"))
        #expect(sunday.contains(weekday: 0, minute: 60))
    }

    @Test("A day goes to 24:00")
    func wholeDay() throws {
        let schedule = try #require(Schedule("daily 00:00-24:00"))
        for day in 0...6 { #expect(schedule.contains(weekday: day, minute: 1439)) }
    }

    @Test(
        "What is no schedule is refused",
        arguments: [
            "", "mon", "mon 7-8", "mon 07:00", "mon 07:00-07:00", "fri-mon 07:00-08:00", "mon 24:30-25:00",
            "mo 07:00-08:00",
        ])
    func nonsense(text: String) {
        #expect(Schedule(text) == nil)
    }
}
