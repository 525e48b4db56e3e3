// swift-tools-version: 6.2
import PackageDescription

/// The fuzzers, apart from the main package, whose programs can't be built with libFuzzer's `main`. `deploy/fuzz` builds
/// and runs them. The main package's tests compile Harness too, and replay what the fuzzers have found.
///
/// The libraries are linked folders instead of a dependency on the main package, so that nothing but SwiftNIO and
/// swift-collections has to be fetched and built.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    products: [.library(name: "Fuzz", type: .static, targets: ["Target"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .target(
            name: "MQTTCodec",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "MQTTBroker",
            dependencies: [
                "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MQTTWebSocket",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Harness",
            dependencies: [
                "MQTTBroker", "MQTTCodec", "MQTTWebSocket",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(name: "StoreModel", dependencies: ["MQTTBroker"], swiftSettings: settings),
        .target(
            name: "Simulation",
            dependencies: ["MQTTBroker", "MQTTCodec", "StoreModel", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "Allocations",
            dependencies: ["MQTTBroker", "MQTTCodec", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "Target",
            dependencies: ["Allocations", "Harness", "MQTTCodec", "Simulation"],
            swiftSettings: settings
        ),
    ]
)
