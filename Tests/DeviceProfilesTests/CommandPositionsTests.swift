import DeviceProfiles
import Testing

@Suite("Command positions that the owner names")
struct CommandPositionsTests {
    private func positions(_ filters: String...) throws -> CommandPositions {
        CommandPositions(own: try filters.map { try #require(TopicPattern($0)) })
    }

    @Test(arguments: [
        ("shop/a/relay", true), ("shop/a/b/relay", false), ("casa/portao/pulso", true), ("casa/portao/pulso/x", false),
        ("tudo/o/que/segue", true), ("cmnd/t1/POWER", true), ("casa/portao/estado", false),
    ])
    func theyComeBesideTheKnownOnes(topic: String, isCommand: Bool) throws {
        let positions = try positions("shop/+/relay", "casa/portao/pulso", "tudo/#")
        #expect(positions.isCommand(topic) == isCommand)
        #expect(Array(topic.utf8).withUnsafeBytes { positions.isCommand($0) } == isCommand)
    }

    @Test func nobodyReadsAReportThere() throws {
        var settings = ForeignDevices.Settings()
        settings.commandPositions = try positions("casa/garagem/temperatura")
        var devices = ForeignDevices(settings)
        #expect(devices.read("casa/garagem/temperatura", "23") == .nothing)
        var open = ForeignDevices()
        #expect(open.read("casa/garagem/temperatura", "23") != .nothing)
    }
}
