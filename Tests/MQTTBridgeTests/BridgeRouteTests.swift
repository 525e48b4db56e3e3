import MQTTCodec
import Testing

@testable import MQTTBridge

@Suite("Routes of a bridge")
struct BridgeRouteTests {
    @Test(arguments: [
        ("a/#", "l/", "r/", "l/a/b", "r/a/b"), ("#", "", "site/", "x/y", "site/x/y"),
        ("+/state", "", "", "g/state", "g/state"), ("a", "garage/", "", "garage/a", "a"),
    ])
    func topicsAreRenamedThereAndBack(pattern: String, here: String, there: String, local: String, remote: String)
        throws
    {
        let route = try #require(
            BridgeRoute(pattern: pattern, direction: .both, localPrefix: here, remotePrefix: there))
        #expect(route.remoteTopic(of: local) == remote)
        #expect(route.localTopic(of: remote) == local)
    }

    @Test func aRouteIsForItsDirectionOnly() throws {
        let out = try #require(BridgeRoute(pattern: "a", direction: .out))
        #expect(out.remoteTopic(of: "a") == "a")
        #expect(out.localTopic(of: "a") == nil)
        #expect(out.remoteTopic(of: "b") == nil)
    }

    @Test func aPrefixThatLeavesNoTopicIsNotRenamed() throws {
        let route = try #require(BridgeRoute(pattern: "#", localPrefix: "a/"))
        #expect(route.remoteTopic(of: "a/") == nil)
        #expect(route.remoteTopic(of: "a") == nil)
    }

    @Test(arguments: [
        ("a/#/b", "", ""), ("a", "x/#/", ""), ("a", "", "+/"), ("", "", ""), ("$share/g/a", "", ""), ("a", "\0", ""),
    ])
    func whatIsNoRouteIsRefused(pattern: String, here: String, there: String) {
        #expect(BridgeRoute(pattern: pattern, localPrefix: here, remotePrefix: there) == nil)
    }

    @Test func nothingCrossesWithQoS2() { #expect(BridgeRoute(pattern: "a", qos: .exactlyOnce) == nil) }
}
