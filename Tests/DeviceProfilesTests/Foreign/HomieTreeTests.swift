import DeviceProfiles
import GarageDomain
import Testing

@Suite("Homie 5 devices that stand below another one")
struct HomieTreeTests {
    /// A root with a child and a grandchild, all of which are there, and a fourth that has said that it goes.
    private func announced() -> ForeignDevices {
        var devices = ForeignDevices()
        for (id, description) in [
            ("root", #"{"homie":"5.0","children":["portao","vaga"]}"#),
            ("portao", #"{"homie":"5.0","root":"root","parent":"root","children":["luz"]}"#),
            ("luz", #"{"homie":"5.0","root":"root","parent":"portao"}"#),
            ("vaga", #"{"homie":"5.0","root":"root","parent":"root"}"#),
        ] {
            _ = devices.read("homie/5/\(id)/$state", "init")
            _ = devices.read("homie/5/\(id)/$description", description)
            _ = devices.read("homie/5/\(id)/$state", id == "vaga" ? "disconnected" : "ready")
        }
        return devices
    }

    @Test(arguments: ["lost", "disconnected", ""]) func allGoWithTheirRoot(state: String) {
        var devices = announced()
        #expect(
            devices.read("homie/5/root/$state", state)
                == .observations([
                    device("root", false), device("portao", false), device("vaga", false), device("luz", false),
                ]))
    }

    @Test(arguments: ["init", "ready", "alert"]) func withTheirRootComeThoseThatAnnouncedIt(state: String) {
        var devices = announced()
        _ = devices.read("homie/5/root/$state", "lost")
        #expect(
            devices.read("homie/5/root/$state", state)
                == .observations([device("root", true), device("portao", true), device("luz", true)]))
        // The root is there already: nothing is told of the others again.
        #expect(devices.read("homie/5/root/$state", "ready") == .observations([device("root", true)]))
    }

    @Test func aChildOfALostRootIsOutOfReachWhateverItSays() {
        var devices = announced()
        _ = devices.read("homie/5/root/$state", "lost")
        #expect(devices.read("homie/5/vaga/$state", "ready") == .observations([device("vaga", false)]))
        #expect(devices.read("homie/5/luz/$state", "ready") == .observations([device("luz", false)]))
        #expect(devices.read("homie/5/portao/$state", "lost") != .nothing)
        // Between the root and the lamp stands one that has gone.
        #expect(
            devices.read("homie/5/root/$state", "ready")
                == .observations([device("root", true), device("vaga", true)]))
        #expect(
            devices.read("homie/5/portao/$state", "ready")
                == .observations([device("portao", true), device("luz", true)]))
    }

    @Test func eitherSideMayNameTheOther() {
        var devices = ForeignDevices()
        _ = devices.read("homie/5/a/$state", "ready")
        _ = devices.read("homie/5/b/$description", #"{"homie":"5.0","root":"a"}"#)
        _ = devices.read("homie/5/b/$state", "ready")
        // Of another tree, with the same id.
        _ = devices.read("casa/5/b/$description", #"{"homie":"5.0","root":"c"}"#)
        #expect(
            devices.read("homie/5/a/$state", "lost") == .observations([device("a", false), device("b", false)]))
    }

    @Test func aCircleOfDevicesEnds() {
        var devices = ForeignDevices()
        for (id, other) in [("a", "b"), ("b", "a")] {
            _ = devices.read(
                "homie/5/\(id)/$description",
                #"{"root":"\#(other)","parent":"\#(id)","children":["\#(other)","\#(id)"]}"#)
            _ = devices.read("homie/5/\(id)/$state", "ready")
        }
        #expect(
            devices.read("homie/5/a/$state", "lost") == .observations([device("a", false), device("b", false)]))
    }

    @Test func whatAChildReportsComesFromIt() {
        var devices = announced()
        let reading = devices.read(DeviceMessage(topic: "homie/5/portao/portao/state", payload: Array("open".utf8)))
        #expect(reading.interpretation == .observations([gate("portao", .open)]))
        #expect(reading.devices == [subject(.gate, "portao"): subject(.device, "portao")])
    }

    @Test func manyDevicesAreNotAllKept() {
        var devices = ForeignDevices()
        for index in 0..<1000 {
            let children = (0..<200).map { #""c\#(index)-\#($0)""# }.joined(separator: ",")
            _ = devices.read("homie/5/d\(index)/$description", #"{"root":"d0","children":[\#(children)]}"#)
        }
        guard case .observations(let gone) = devices.read("homie/5/d0/$state", "lost") else {
            Issue.record("the root is lost")
            return
        }
        #expect(gone.count == 257)
    }
}
