import GarageDomain
import Testing
import Views

@testable import Web

/// The drawings: doors, the plan and the charts.
struct DrawingTests {
    private func ago(_ seconds: Int64) -> Timestamp { SampleTime.now.adding(milliseconds: -seconds * 1000) }

    @Test func aDoorIsAsFarUpAsTheGateIsOpen() {
        func openness(_ state: GateState?, _ seconds: Int64) -> Double {
            GateDoor(state: state, since: ago(seconds), now: SampleTime.now, travel: 10_000).openness
        }
        #expect(openness(.open, 5) == 1)
        #expect(openness(.closed, 5) == 0)
        #expect(openness(.opening, 5) == 0.5)
        #expect(abs(openness(.closing, 2) - 0.8) < 0.001)
        // A gate that takes longer than ever is not drawn as if it had arrived.
        #expect(openness(.opening, 3600) == 0.95)
        #expect(abs(openness(.closing, 3600) - 0.05) < 0.001)
        // A clock that was put back gives a door that has just begun.
        #expect(openness(.opening, -3600) == 0.06)
    }

    @Test func aMovingDoorSaysWhereItGoesAndForHowLong() {
        let door = GateDoor(state: .opening, since: ago(4), now: SampleTime.now, travel: 10_000)
        #expect(door.svg(id: "home.front", label: "x").html.contains("data-door=\"-82.7\" data-ms=\"6000\""))
        let still = GateDoor(state: .open, since: ago(4), now: SampleTime.now)
        #expect(!still.svg(id: "home.front", label: "x").html.contains("data-door"))
    }

    @Test func theLastTravelTimesTellHowLongThisOneTakes() async throws {
        let garage = SampleGarage()
        let gate = SampleGarage.subject(.gate, "front")
        var row = GateRow(
            subject: gate, state: .opening, since: ago(1), obstructed: false, device: nil, deviceOnline: nil,
            lastMovement: nil, lastCommand: nil)
        #expect(try await GateCard.travel(of: row, from: garage) == GateDoor.usualTravel)
        for took in [9000, 9500, 60_000] as [Int64] {
            garage.append(
                gate, .gateMoved(GateMoved(from: .opening, to: .open, tookMilliseconds: took)), at: ago(1000))
        }
        // It opened by itself after having been stopped: that was no whole travel.
        garage.append(gate, .gateMoved(GateMoved(from: .stopped, to: .open, tookMilliseconds: 1)), at: ago(900))
        #expect(try await GateCard.travel(of: row, from: garage) == 9500)
        row.state = .open
        #expect(try await GateCard.travel(of: row, from: garage) == GateDoor.usualTravel)
    }

    @Test(arguments: [0, 1, 2, 5, 12, 13, 300])
    func thePlanHasEveryBayOnce(count: Int) {
        let bays = (0..<count).map { index in
            GaragePlan.Bay(
                name: "A\(index)", isOccupied: index % 2 == 0, isUncertain: false, word: "w", since: "s",
                shortSince: "t",
                description: "d",
                path: "/events")
        }
        let plan = GaragePlan(bays: bays, gates: []).svg(columns: 4, variant: .narrow, label: "plan").html
        #expect(plan.matches(of: #/class="bay /#).count == count)
        #expect(plan.matches(of: ##/<use href="#car-narrow"/##).count == (count + 1) / 2)
        for bay in bays { #expect(plan.contains(">\(bay.name)</text>")) }
    }

    @Test func namesAreOrderedAsPeopleCount() {
        let names = [
            "B1", "A10", "A2", "a1", "A", "10", "9", "A99999999999999999999999999999999999999999999999999999999",
        ]
        let sorted = names.map { SampleGarage.subject(.spot, $0) }.sorted(by: SpotView.comesFirst).map(\.name.text)
        #expect(sorted.prefix(2) == ["9", "10"])
        #expect(sorted.filter { $0.count < 4 && $0 != "9" && $0 != "10" } == ["A", "a1", "A2", "A10", "B1"])
    }

    private func chart(_ minutes: [Int64], _ value: (Int64) -> Double) -> ReadingChart {
        let points = minutes.map { minute in
            ReadingPoint(
                sensor: "home.dht1", quantity: .temperature, time: ago(minute * 60), mean: value(minute),
                minimum: value(minute) - 1, maximum: value(minute) + 1, count: 3)
        }
        return ReadingChart(
            points: points, from: ago(86_400), to: SampleTime.now, gap: 2_700_000_000, quantity: .temperature)
    }

    @Test func aLineBreaksWhereNothingWasMeasured() throws {
        let drawing = chart([600, 585, 570, 100, 85, 70]) { Double($0) / 10 }.sparkline(label: "x").html
        let line = try #require(drawing.firstMatch(of: /class="line" d="([^"]*)"/)?.1)
        #expect(line.filter { $0 == "M" }.count == 2)
        #expect(line.filter { $0 == "L" }.count == 4)
    }

    @Test func chartsOfNothingAndOfOnePointAreDrawings() throws {
        for minutes in [[], [5]] as [[Int64]] {
            let svg = chart(minutes) { _ in 20 }.sparkline(label: "<x>").html
            #expect(
                svg.hasPrefix("<svg") && svg.hasSuffix("</svg>") && !svg.contains("nan") && svg.contains("&lt;x&gt;"))
        }
    }

    @Test func jsonIsSpreadOverLinesAndKeepsItsValues() {
        let json = #"{"a":1.50,"b":["x\"{,}",{}],"c":[]}"#
        #expect(
            JSONText.indented(Array(json.utf8))
                == """
                {
                  "a": 1.50,
                  "b": [
                    "x\\"{,}",
                    {}
                  ],
                  "c": []
                }
                """)
        #expect(JSONText.indented(Array(repeating: UInt8(ascii: "["), count: 50)).utf8.count < 5000)
        #expect(JSONText.indented(Array("}}]]".utf8)).isEmpty == false)
        #expect(JSONText.literal("a\"\\\n\u{1}é") == #""a\"\\\n\u0001é""#)
    }
}
