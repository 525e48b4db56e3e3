// swift-tools-version: 6.2
import PackageDescription

/// The fuzzers, apart from the main package, which can't be built with libFuzzer's `main`. `deploy/fuzz` builds and runs
/// them. The folder Harness is also compiled into the main package's tests, which replay every kept case.
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
        .package(name: "garage", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .target(
            name: "Harness",
            dependencies: [
                .product(name: "MQTTBroker", package: "garage"),
                .product(name: "MQTTCodec", package: "garage"),
                .product(name: "MQTTWebSocket", package: "garage"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Harness",
            swiftSettings: settings
        ),
        .target(name: "Target", dependencies: ["Harness"], path: "Target", swiftSettings: settings),
    ]
)
