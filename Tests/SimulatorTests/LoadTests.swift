import GarageDomain
import Simulator
import Testing

@Suite struct LoadTests {
    @Test(arguments: [1.0, 250, 20_000]) func theRateIsSpreadEvenlyOverAllSensors(rate: Double) {
        let settings = ModelSettings(seed: 1, gates: 0, spots: 0, sensors: 5000, rate: rate)
        var model = GarageModel(settings, startingAt: ModelRun.monday)
        var perSensor: [Int: Int] = [:]
        for second in 1...10 as ClosedRange<Int64> {
            // The message that is due at the end of a second belongs to the next one.
            let end = Timestamp(microseconds: ModelRun.monday.microseconds + second * 1_000_000 - 1)
            let effects = model.advance(to: end)
            #expect(effects.count == Int(rate))
            for case .publish(let message) in effects { perSensor[message.device, default: 0] += 1 }
        }
        let least = min(5000, Int(rate) * 10)
        #expect(perSensor.count == least)
        #expect((perSensor.values.max() ?? 0) - (perSensor.values.min() ?? 0) <= 1)
    }

    @Test func fiveThousandSensorsHaveTheirOwnDeviceAndTopic() {
        let settings = ModelSettings(seed: 1, sensors: 5000)
        var model = GarageModel(settings, startingAt: ModelRun.monday)
        #expect(model.devices.count == 2 + 2 + 5000)
        #expect(Set(model.devices.map(\.name)).count == model.devices.count)
        #expect(Set(model.devices.map(\.statusTopic)).count == model.devices.count)
        let effects = model.advance(to: ModelRun.after(31_000))
        var devices: Set<Int> = []
        for case .publish(let message) in effects { devices.insert(message.device) }
        #expect(devices.filter { $0 >= 4 }.count == 5000)
    }

    @Test func loadReadingsAreTemperaturesAndHumiditiesInTurn() {
        let settings = ModelSettings(seed: 1, gates: 0, spots: 0, sensors: 1, rate: 10)
        var model = GarageModel(settings, startingAt: ModelRun.monday)
        var topics: [String] = []
        for case .publish(let message) in model.advance(to: ModelRun.after(350)) { topics.append(message.topic) }
        let prefix = "garage/home/sensor/entrance"
        #expect(
            topics == ["\(prefix)/temperature", "\(prefix)/humidity", "\(prefix)/temperature", "\(prefix)/humidity"])
    }
}
