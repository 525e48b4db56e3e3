import GarageDomain
import Simulator
import Testing

@Suite struct RosterTests {
    @Test func theMiniGarageHasRealNames() {
        let model = GarageModel(ModelSettings(), startingAt: ModelRun.monday)
        #expect(
            model.devices.map(\.name.text) == [
                "esp-gate-front", "esp-gate-back", "esp-row-A", "esp-row-B",
                "esp-dht-entrance", "esp-dht-ramp", "esp-dht-roof",
            ])
        #expect(model.devices[0].statusTopic == "garage/home/device/esp-gate-front/status")
        #expect(model.devices[0].actuateTopic == "garage/home/gate/front/actuate")
        #expect(model.devices.dropFirst(2).allSatisfy { $0.actuateTopic == nil })
    }

    @Test func anotherGarageHasOtherClients() throws {
        let name = try #require(Name(String(repeating: "g", count: 64)))
        let model = GarageModel(ModelSettings(garage: name, sensors: 500), startingAt: ModelRun.monday)
        let home = GarageModel(ModelSettings(sensors: 500), startingAt: ModelRun.monday)
        #expect(Set(model.devices.map(\.name)).isDisjoint(with: home.devices.map(\.name)))
        #expect(Set(model.devices.map(\.name)).count == model.devices.count)
    }

    @Test func manyRowsKeepTheirLetters() {
        var model = GarageModel(ModelSettings(gates: 0, spots: 6 * 800, sensors: 0), startingAt: ModelRun.monday)
        #expect(model.devices.map(\.name.text)[25...27] == ["esp-row-Z", "esp-row-AA", "esp-row-AB"])
        #expect(model.devices[702].name.text == "esp-row-AAA")
        #expect(model.announcement(ofDevice: 27).last?.topic == "garage/home/spot/AB6/state")
    }

    @Test func aDeviceAnnouncesItselfAndWhatHangsOnIt() {
        var model = GarageModel(ModelSettings(), startingAt: ModelRun.monday)
        let gate = model.announcement(ofDevice: 0)
        #expect(gate.map(\.text) == ["online", "closed", "clear"])
        #expect(gate.map(\.retain) == [true, false, false])
        #expect(model.announcement(ofDevice: 2).count == 7)
        #expect(model.announcement(ofDevice: 4).map(\.text) == ["online"])
        #expect(model.announcement(ofDevice: 7).isEmpty)
        #expect(model.announcement(ofDevice: -1).isEmpty)
    }

    @Test func wrongSettingsAreExplained() {
        #expect(ModelSettings().problem == nil)
        #expect(ModelSettings(gates: -1).problem?.contains("gates") == true)
        #expect(ModelSettings(spots: 100_001).problem?.contains("spots") == true)
        #expect(ModelSettings(sensors: -5).problem?.contains("sensors") == true)
        #expect(ModelSettings(gates: 0, spots: 0, sensors: 0).problem?.contains("nothing to simulate") == true)
        #expect(ModelSettings(speed: .nan).problem?.contains("speed") == true)
        #expect(ModelSettings(reportInterval: 0).problem?.contains("interval") == true)
        #expect(ModelSettings(rate: 0).problem?.contains("rate") == true)
        #expect(ModelSettings(rate: .infinity).problem?.contains("rate") == true)
        #expect(ModelSettings(sensors: 0, rate: 5).problem?.contains("no sensor") == true)
    }

    @Test func outrageousSettingsDoNotTrap() {
        let settings = ModelSettings(
            seed: .max, gates: .min, spots: -1, sensors: 3, speed: .infinity, reportInterval: .min, rate: .nan,
            misbehaviour: .all, utcOffset: .max)
        for start in [Int64.min, 0, .max] {
            var model = GarageModel(settings, startingAt: Timestamp(microseconds: start))
            for _ in 0..<1000 {
                guard let next = model.nextEvent else { break }
                _ = model.advance(to: next)
                #expect(model.nextEvent.map { $0 >= next } == true)
            }
            _ = model.actuate(gate: 0, .open, at: Timestamp(microseconds: .min))
        }
    }
}
